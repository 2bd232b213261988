"""What is there: images, model, landmarks, points; and how work reaches the threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from medssl.errors import Cancelled
from medssl.progress import Progress
from napari_medssl.engine import CaseInfo, LandmarkEngine, Ready, Where
from napari_medssl.places import images_folder, is_cohort
from napari_medssl.points import Counts, PointKey, PointState, count, least_sure_first
from napari_medssl.session.saving import Saver
from napari_medssl.session.status import Kind, Status, error_words
from napari_medssl.store import Store

if TYPE_CHECKING:
    from medssl.geometry import Grid
    from medssl.io import ImageListing, ImageSource, Problem
    from medssl.io.image import Image
    from napari_medssl.worker import Runner

INSTANT = "instant"


class SessionState:
    """State of the landmarks task, and how it is written and worked on.

    Parameters
    ----------
    engine
        The heavy part.
    store
        The cohort on the disk.
    work, disk, display
        What runs the engine's, the store's and the reading tasks, each in order.
    """

    images_changed = Signal()
    landmarks_changed = Signal()
    points_changed = Signal()
    case_changed = Signal()
    image_changed = Signal()
    similarity_changed = Signal()
    status_changed = Signal(Status)
    state_changed = Signal()
    written = Signal()

    def __init__(
        self, engine: LandmarkEngine, store: Store, work: Runner, disk: Runner, display: Runner
    ) -> None:
        self._engine, self._store = engine, store
        self._work, self._disk, self._display = work, disk, display
        self.where: Where | None = None
        self.model: str | Path = INSTANT
        self.device = "auto"
        self.ready: Ready | None = None
        self.sources: tuple[ImageSource, ...] = ()
        self.problems: tuple[Problem, ...] = ()
        self.listing_notes: tuple[str, ...] = ()
        self.landmarks: list[str] = []
        self.landmark: str | None = None
        self.points: dict[PointKey, PointState] = {}
        self.index = 0
        self.image: Image | None = None
        self.similarity: tuple[str, Any, Grid] | None = None
        self.show_similarity = True
        self.find_at_once = True
        self.author: str | None = None
        self.protocol_landmarks: frozenset[str] = frozenset()
        self._listing: ImageListing | None = None
        self._cases: dict[str, CaseInfo] = {}
        self._images: dict[str, Image] = {}
        self._wanted: set[str] = set()
        self._finding = False
        self._preparing = False
        self.kept_in: Path | None = None
        self.trouble: str | None = None
        self.names: Mapping[str, str] = {}
        self._rejected: set[PointKey] = set()
        self._wanted_case: str | None = None
        self._saver = Saver()
        self._writes = 0

    @property
    def name(self) -> str:
        """Name of the images, for the chip."""
        if self.where is None or self.folder is None:
            return ""
        return self.folder.stem if is_cohort(self.where) else self.folder.name

    @property
    def folder(self) -> Path | None:
        """Folder that the images are in."""
        return None if self.where is None else images_folder(self.where)

    @property
    def case(self) -> ImageSource | None:
        """The current image, None without any."""
        return self.sources[self.index] if self.sources else None

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know of the current image: its file's and its preparation's warnings."""
        known = None if self.case is None else self._cases.get(self.case.key)
        said = () if self.image is None else self.image.warnings
        return tuple(dict.fromkeys((*said, *(() if known is None else known.warnings))))

    @property
    def point(self) -> PointState | None:
        """The current landmark in the current image."""
        if self.case is None or self.landmark is None:
            return None
        return self.points.get((self.case.key, self.landmark))

    def points_here(self) -> list[PointState]:
        """All points of the current image, in the order of the landmarks."""
        if self.case is None:
            return []
        keys = [(self.case.key, landmark) for landmark in self.landmarks]
        return [self.points[k] for k in keys if k in self.points]

    def points_of(self, landmark: str) -> list[PointState]:
        """All points of one landmark in images that can be used."""
        known = {s.key for s in self.sources}
        return [p for p in self.points.values() if p.landmark == landmark and p.case_key in known]

    def counts(self, landmark: str) -> Counts:
        """How far one landmark is."""
        return count(self.points_of(landmark), len(self.sources))

    def templates(self, landmark: str) -> dict[str, tuple[float, ...]]:
        """Points of one landmark that teach the finder: case key to source voxels."""
        return {p.case_key: p.point_vox for p in self.points_of(landmark) if p.is_template}

    def review(self) -> list[PointState]:
        """Points of the current landmark, the least sure first."""
        return [] if self.landmark is None else least_sure_first(self.points_of(self.landmark))

    def grids(self) -> dict[str, Grid]:
        """Geometry of the images that are known so far, by case key."""
        seen = {key: image.grid for key, image in self._images.items()}
        return seen | {key: case.grid for key, case in self._cases.items()}

    @property
    def can_find(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self.sources) and any(self.has_examples(name) for name in self.landmarks)

    def has_examples(self, landmark: str) -> bool:
        """Whether a landmark can be looked for: it was clicked, or a protocol shows it."""
        return landmark in self.protocol_landmarks or bool(self.templates(landmark))

    def _save(self, change: Callable[[], None], words: str | None = "") -> None:
        """Write in the disk's thread; afterwards say `words`, unless they are None or empty."""

        def done(_: None) -> None:
            self.trouble = None
            self.written.emit()
            if words:
                self._say("done", f"{words} · saved")

        self._writes += 1
        self._saver.add(change)
        self._disk.submit(lambda _: self._saver.write(), done, self._not_saved)

    def _not_saved(self, error: BaseException) -> None:
        if isinstance(error, Cancelled):
            return
        waits = " Your clicks are kept here and written with the next one."
        self.trouble = f"Not saved: {error_words(error)}{waits if self._saver.waiting else ''}"
        self._say("error", self.trouble)

    def _run(
        self,
        runner: Runner,
        task: Callable[[Progress], Any],
        done: Callable[[Any], None] | None = None,
    ) -> None:
        runner.submit(task, done if done is not None else lambda _: None, self._failed)

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, Cancelled):
            self._say("info", "Stopped. What was finished is kept.")
        else:
            self._say("error", error_words(error))

    def _say(self, kind: Kind, text: str) -> None:
        self.status_changed.emit(Status(kind, text))
        self.state_changed.emit()
