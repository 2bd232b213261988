"""The open cohort as the Cohort dock uses it; every call runs in the disk's thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from medssl.errors import MedsslError
from napari_medssl.engine import Where
from napari_medssl.lesions.classes import FIRST, LABEL, read_classes, write_classes
from napari_medssl.lesions.fits import NO_FITS, Fits, find_fits
from napari_medssl.places import open_cohort
from napari_medssl.points import PointState, Source, from_store

if TYPE_CHECKING:
    from medssl.cohort import Cohort
    from medssl.cohort.overview import CaseSummary
    from medssl.geometry import Grid
    from medssl.io import ImageSource

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Contents:
    """A cohort at a glance.

    Parameters
    ----------
    path
        Its folder.
    cases
        All cases, in the order of their adding.
    landmarks, labels
        Names of the landmarks and of the labels.
    loss
        What the drive had lost when it was opened, in words.
    classes
        What whole images are told apart by; the first is that of images without lesion.
    fits
        What has learned from such labels.
    """

    path: Path
    cases: tuple[CaseSummary, ...]
    landmarks: tuple[str, ...]
    labels: tuple[str, ...]
    loss: str | None = None
    classes: tuple[str, ...] = FIRST
    fits: Fits = NO_FITS


@dataclass(frozen=True)
class Detail:
    """One case as it is looked at: its image, its points, the names of what else was predicted."""

    key: str
    source: ImageSource
    points: tuple[PointState, ...]
    labels: tuple[str, ...]
    masks: tuple[str, ...]
    grid: Grid

    @property
    def waiting(self) -> list[PointState]:
        """Points that were found and that nobody has looked at, the least sure first."""
        found = [p for p in self.points if p.source == "predicted"]
        return sorted(found, key=lambda p: p.confidence or 0.0)


class Desk:
    """One cohort at a time."""

    def __init__(self) -> None:
        self._cohort: Cohort | None = None

    def open(self, where: Where) -> Contents:
        """Open a cohort, or that of these images, which is made if there is none."""
        cohort = open_cohort(where)
        self.close()
        self._cohort = cohort
        return self.read()

    def read(self) -> Contents:
        """Give what the cohort holds."""
        cohort = self._open()
        cases = tuple(cohort.overview())
        labels = dict.fromkeys(name for case in cases for name in case.labels)
        landmarks = tuple(record.name for record in cohort.landmarks())
        used = {case.labels[LABEL] for case in cases if LABEL in case.labels}
        classes = read_classes(cohort.path).fitting(used)
        fits = find_fits(cohort)
        return Contents(cohort.path, cases, landmarks, tuple(labels), cohort.loss, classes, fits)

    def expect(self) -> str:
        """Say which error is left in what waits, judged by the corrections; empty if unknown."""
        from medssl.review import Reviewed, expected_error

        cohort = self._open()
        answered = [c for c in cohort.corrections() if c.confidence is not None]
        if not answered:
            return ""
        unit = Counter(c.unit for c in answered).most_common(1)[0][0]
        reviewed = [
            Reviewed(c.confidence, c.distance)
            for c in answered
            if c.unit == unit and c.confidence is not None
        ]
        expected = expected_error(reviewed, cohort.waiting_confidences())
        if expected is None:
            return ""
        return (
            f"what is left: about {expected.mean:.1f} {unit}, {expected.low:.1f} to "
            f"{expected.high:.1f}, from {expected.reviewed} answers"
        )

    def detail(self, key: str) -> Detail:
        """Give one case."""
        cohort = self._open()
        case = cohort.case(key)
        return Detail(
            key,
            case.source(),
            tuple(from_store(point) for point in cohort.points(key)),
            tuple(f"{one.name} {one.value}" for one in cohort.labels(key)),
            tuple(one.name for one in cohort.segmentations(key)),
            case.grid,
        )

    def accept(self, key: str, author: str | None) -> int:
        """Take what was found in a case as a person's."""
        return self._open().accept(key, author)

    def reject(self, key: str, author: str | None) -> int:
        """Take what was found in a case away."""
        return self._open().reject(key, author)

    def correct(
        self, key: str, landmark: str, point_vox: Sequence[float], author: str | None
    ) -> None:
        """Place a landmark in a case by hand; a correction where it had been found."""
        cohort = self._open()
        before = {p.kind: p for p in cohort.points(key, landmark, "all")}
        human = before.get("human")
        placed = human is not None and human.source == "manual" and human.confidence is None
        source: Source = "corrected" if before and not placed else "manual"
        cohort.set_point(key, landmark, point_vox, None, source, author=author)

    def delete_point(self, key: str, landmark: str) -> None:
        """Take a person's point away."""
        self._open().delete_point(key, landmark)

    def set_label(self, key: str, value: str, author: str | None) -> None:
        """Say what an image shows as a whole."""
        from medssl.cohort import NewLabel

        self._open().set_labels([NewLabel(key, LABEL, value, author=author)])

    def clear_label(self, key: str) -> bool:
        """Take back what a person said of an image as a whole; False if there was nothing."""
        return self._open().delete_label(key, LABEL)

    def add_class(self, name: str) -> None:
        """Add a class that whole images are told apart by."""
        path = self._open().path
        write_classes(path, replace(read_classes(path), names=self.read().classes).with_name(name))

    def rename_class(self, old: str, new: str, author: str | None) -> None:
        """Call a class by another name, in all labels, which is one action for undo."""
        from medssl.cohort import NewLabel

        cohort = self._open()
        named = replace(read_classes(cohort.path), names=self.read().classes).renamed(old, new)
        labelled = [one for one in cohort.labels(name=LABEL, kind="human") if one.value == old]
        write_classes(cohort.path, named)
        if labelled:
            cohort.set_labels(
                [
                    NewLabel(one.case_key, LABEL, new, author=one.author or author)
                    for one in labelled
                ]
            )

    def undo(self) -> str | None:
        """Take back the person's last action."""
        return self._open().undo()

    def redo(self) -> str | None:
        """Do again what was taken back."""
        return self._open().redo()

    def ask(self, task: Callable[[Cohort], _Answer]) -> _Answer:
        """Give what `task` makes of the open cohort."""
        return task(self._open())

    def close(self) -> None:
        """Close the cohort."""
        if self._cohort is not None:
            self._cohort.close()
            self._cohort = None

    def _open(self) -> Cohort:
        if self._cohort is None:
            raise MedsslError("no cohort is open. Open a cohort or a folder of images.")
        return self._cohort
