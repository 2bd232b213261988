"""The cohort as the session uses it; every call runs in the disk's thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from medssl.errors import MedsslError
from napari_medssl.engine import CaseInfo, Where
from napari_medssl.places import cohort_places, is_cohort, open_cohort
from napari_medssl.points import PointKey, PointState, from_store

if TYPE_CHECKING:
    from medssl.cohort import Cohort, NewPoint
    from medssl.geometry import Grid
    from medssl.io import ImageSource

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Saved:
    """What the cohort holds.

    Parameters
    ----------
    landmarks, points
        All of them.
    names
        What to show in place of the keys of cases, where that is another name.
    rejected
        Case and landmark of the predictions that a person took away.
    action
        What was undone or redone, if that was asked.
    elsewhere
        Folder of the cohort, where it could not lie beside the images.
    """

    landmarks: tuple[str, ...]
    points: tuple[PointState, ...]
    action: str | None = None
    elsewhere: Path | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    rejected: frozenset[PointKey] = frozenset()


class Store:
    """One cohort at a time, open as long as its images are."""

    def __init__(self) -> None:
        self._where: Where | None = None
        self._cohort: Cohort | None = None
        self._names: dict[str, str] = {}

    @property
    def path(self) -> Path | None:
        """Folder of the open cohort."""
        return None if self._cohort is None else self._cohort.path

    def open(self, where: Where) -> Saved:
        """Open the cohort of these images, or make it, and give what it holds."""
        self.close()
        self._where = where
        return self.read()

    def read(self, action: str | None = None) -> Saved:
        """Give what the cohort holds, as the result of `action`."""
        cohort = self._open()
        return Saved(
            tuple(record.name for record in cohort.landmarks()),
            tuple(from_store(point) for point in cohort.points()),
            action,
            self._elsewhere(cohort),
            {key: name for key, name in self._names.items() if name != key},
            frozenset(cohort.rejected_points()),
        )

    def _elsewhere(self, cohort: Cohort) -> Path | None:
        if self._where is None or is_cohort(self._where):
            return None
        if cohort.path == cohort_places(self._where)[0]:
            return None
        return cohort.path

    def close(self) -> None:
        """Close the cohort."""
        if self._cohort is not None:
            self._cohort.close()
            self._cohort = None

    def add_cases(
        self, cases: Sequence[CaseInfo], sources: Mapping[str, ImageSource]
    ) -> dict[str, str]:
        """Add the images, or bring them up to date; give the names to show, by key."""
        from medssl.cohort.describing import bring_up_to_date

        cohort = self._open()
        images = [
            (sources[c.key], c.fingerprint, c.grid, c.modality) for c in cases if c.key in sources
        ]
        self._names = bring_up_to_date(cohort, images)
        return self._names

    def add_landmark(self, name: str) -> None:
        """Define a landmark."""
        self._open().add_landmark(name)

    def rename_landmark(self, old: str, new: str) -> None:
        """Give a landmark another name."""
        self._open().rename_landmark(old, new)

    def remove_landmark(self, name: str) -> None:
        """Take a landmark away."""
        self._open().remove_landmark(name)

    def set_point(
        self,
        source: ImageSource,
        grid: Grid,
        point: PointState,
        modality: str = "",
        author: str | None = None,
    ) -> None:
        """Write a person's point; the image is added first if it is not in the cohort yet."""
        cohort = self._open()
        if source.key not in self._names:
            from medssl.cohort.describing import bring_up_to_date
            from medssl.prepare import ArrayCache
            from medssl.prepare.fingerprint import source_fingerprint

            fingerprint = source_fingerprint(source, ArrayCache())
            self._names = bring_up_to_date(cohort, [(source, fingerprint, grid, modality)])
        cohort.set_points([_new(point, None, author)])

    def set_predictions(
        self, landmarks: Iterable[str], points: Sequence[PointState], model: str
    ) -> None:
        """Replace what was found for these landmarks; what was rejected stays hidden."""
        cohort = self._open()
        for name in landmarks:
            cohort.clear_predictions(name)
        cohort.set_points([_new(p, model, None) for p in points])

    def search_anew(self, landmarks: Sequence[str]) -> None:
        """Let what will be found show where a person had rejected it."""
        self._open().search_anew(landmarks)

    def ask(self, task: Callable[[Cohort], _Answer]) -> _Answer:
        """Give what `task` makes of the open cohort."""
        return task(self._open())

    def delete_point(self, case_key: str, landmark: str) -> Saved:
        """Take a person's point away and give what is there now."""
        self._open().delete_point(case_key, landmark)
        return self.read()

    def undo(self) -> Saved:
        """Take back the person's last action."""
        return self.read(self._open().undo())

    def redo(self) -> Saved:
        """Do again what was taken back."""
        return self.read(self._open().redo())

    def _open(self) -> Cohort:
        """Give the open cohort; one that could not be opened before is tried again."""
        if self._cohort is None:
            if self._where is None:
                raise MedsslError("no images are open, so nothing can be saved. Open them again.")
            self._cohort = open_cohort(self._where)
            self._names = {case.key: case.name for case in self._cohort.cases()}
        return self._cohort


def _new(point: PointState, model: str | None, author: str | None) -> NewPoint:
    from medssl.cohort import NewPoint

    return NewPoint(
        point.case_key,
        point.landmark,
        point.point_vox,
        None,
        point.source,
        point.confidence,
        model,
        author,
    )
