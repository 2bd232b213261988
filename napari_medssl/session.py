"""What one viewer holds: images, model, cohort, current image, points. Knows nothing of Qt.

Each change is made in memory at once, so that the window follows the hand; it is written to the
cohort in the store's thread, and the matching runs in the engine's. The session's own methods
belong to the window's thread and return at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from psygnal import Signal

from medssl.errors import Cancelled, FileRefusedError, MedsslError
from medssl.progress import Progress
from napari_medssl.engine import CaseInfo, LandmarkEngine, Ready, Where, read_for_display
from napari_medssl.places import images_folder
from napari_medssl.points import (
    Counts,
    PointKey,
    PointState,
    count,
    from_found,
    least_sure_first,
)
from napari_medssl.store import Saved, Store

if TYPE_CHECKING:
    from medssl.geometry import Grid
    from medssl.io import ImageListing, ImageSource, Problem
    from medssl.io.image import Image
    from medssl.landmarks import FoundPoint
    from napari_medssl.worker import Runner

INSTANT = "instant"


@dataclass(frozen=True)
class Status:
    """One line for the foot of the window; an error also says what to do."""

    kind: Literal["info", "busy", "done", "error"]
    text: str


class Session:
    """State of the landmarks task and everything a person can do to it.

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
        self.landmarks: list[str] = []
        self.landmark: str | None = None
        self.points: dict[PointKey, PointState] = {}
        self.index = 0
        self.image: Image | None = None
        self.similarity: tuple[str, Any, Grid] | None = None
        self.show_similarity = True
        self.find_at_once = True
        self._listing: ImageListing | None = None
        self._cases: dict[str, CaseInfo] = {}
        self._images: dict[str, Image] = {}
        self._wanted: set[str] = set()
        self._finding = False
        self._preparing = False
        self._writes = 0

    # --- what is there

    @property
    def name(self) -> str:
        """Name of the images, for the chip."""
        return "" if self.where is None else images_folder(self.where).name

    @property
    def case(self) -> ImageSource | None:
        """The current image, None without any."""
        return self.sources[self.index] if self.sources else None

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
        return bool(self.sources) and any(self.templates(name) for name in self.landmarks)

    # --- images and model

    def open_images(self, where: Where) -> None:
        """Open a folder of images, or several files, and the cohort that belongs to them."""
        self._work.cancel()
        self._say("busy", "Looking for images")

        def listed(listing: ImageListing) -> None:
            if not listing.sources:
                self._say("error", _no_images(listing))
                return
            self._adopt(where, listing)

        self._run(self._work, lambda p: self._engine.list(where, p), listed)

    def set_model(self, model: str | Path) -> None:
        """Choose another model; the images are embedded anew and every landmark found again."""
        if model != self.model:
            self.model = model
            self._restart()

    def set_device(self, device: str) -> None:
        """Choose where to compute: ``auto``, ``cpu``, ``cuda``, ``mps``."""
        if device != self.device:
            self.device = device
            self._restart()

    def cancel(self) -> None:
        """Stop what is running; what is finished stays."""
        self._wanted.clear()
        self._work.cancel()

    def _adopt(self, where: Where, listing: ImageListing) -> None:
        self.where, self._listing = where, listing
        self.sources, self.problems = listing.sources, listing.problems
        self.ready, self.image, self.similarity = None, None, None
        self.landmarks, self.landmark, self.points, self.index = [], None, {}, 0
        self._images.clear()
        self._cases.clear()
        self.images_changed.emit()
        self.landmarks_changed.emit()
        self.points_changed.emit()
        self._enter_case()
        self._load(lambda: self._store.open(where), self._adopt_saved)
        self._prepare()

    def _restart(self) -> None:
        self.ready = None
        self.state_changed.emit()
        if self._listing is not None:
            self._work.cancel()
            self._prepare()

    def _prepare(self) -> None:
        listing, model, device = self._listing, self.model, self.device
        if listing is None:
            return
        self._preparing = True
        self._say("busy", "Preparing the images")

        def prepared(ready: Ready) -> None:
            self._preparing = False
            self._adopt_ready(ready)

        def failed(error: BaseException) -> None:
            self._preparing = False
            self._failed(error)

        self._work.submit(
            lambda p: self._engine.get_ready(listing, model, device, p), prepared, failed
        )

    def _adopt_ready(self, ready: Ready) -> None:
        self.ready, self.problems = ready, tuple(ready.problems)
        self._cases = {c.key: c for c in ready.cases}
        current = self.case
        self.sources = tuple(s for s in self.sources if s.key in self._cases)
        keys = [s.key for s in self.sources]
        kept = current is not None and current.key in self._cases
        self.index = keys.index(current.key) if kept and current is not None else 0
        cases = ready.cases
        self._run(self._disk, lambda _: self._store.add_cases(cases))
        self.images_changed.emit()
        if not kept:
            self._enter_case()
        known = [name for name in self.landmarks if self.templates(name)]
        self._want(known)
        if not known and self.case is not None:
            self._expect_click(self.case.key)
        else:
            self._say("done", self._ready_words())

    def _expect_click(self, case_key: str) -> None:
        """Get ready for the first click; one that comes meanwhile waits for it."""
        self._run(
            self._work,
            lambda p: self._engine.expect_click(case_key, p),
            lambda _: self._say("done", self._ready_words()),
        )

    def _ready_words(self) -> str:
        left_out = len(self.problems)
        words = f"{_image_words(len(self.sources))} ready"
        words += f" · {left_out} could not be used" if left_out else ""
        return words if self.landmarks else f"{words}. Name a landmark, then click it once."

    # --- landmarks

    def add_landmark(self, name: str) -> bool:
        """Name a new landmark and make it the current one; False if the name is taken or empty."""
        name = " ".join(name.split())
        if not name or self.where is None:
            return False
        if name in self.landmarks:
            self._say("error", f"There is a landmark “{name}” already. Choose another name.")
            return False
        self.landmarks.append(name)
        self.landmark = name
        self._save(lambda: self._store.add_landmark(name))
        self._landmarks_touched()
        self._say("info", f"Now click {name} in the image, once.")
        return True

    def rename_landmark(self, old: str, new: str) -> bool:
        """Give a landmark another name; its points stay."""
        new = " ".join(new.split())
        if not new or new == old:
            return False
        if new in self.landmarks:
            self._say("error", f"There is a landmark “{new}” already. Choose another name.")
            return False
        self.landmarks[self.landmarks.index(old)] = new
        self.points = {
            (case, new if name == old else name): (
                replace(point, landmark=new) if name == old else point
            )
            for (case, name), point in self.points.items()
        }
        self.landmark = new if self.landmark == old else self.landmark
        self._save(lambda: self._store.rename_landmark(old, new))
        self._landmarks_touched()
        self._want([new] if self.templates(new) else [])
        return True

    def remove_landmark(self, name: str) -> None:
        """Take a landmark and its points away; undo brings them back."""
        self.landmarks.remove(name)
        self.points = {k: p for k, p in self.points.items() if k[1] != name}
        if self.landmark == name:
            self.landmark = self.landmarks[0] if self.landmarks else None
        self._save(lambda: self._store.remove_landmark(name))
        self._landmarks_touched()

    def select_landmark(self, name: str) -> None:
        """Make a landmark the current one."""
        if name in self.landmarks and name != self.landmark:
            self.landmark = name
            self._landmarks_touched()

    def step_landmark(self, step: int) -> None:
        """Go to the next or the previous landmark, around the end."""
        if self.landmark is not None:
            at = self.landmarks.index(self.landmark)
            self.select_landmark(self.landmarks[(at + step) % len(self.landmarks)])

    def _landmarks_touched(self) -> None:
        self.landmarks_changed.emit()
        self.points_changed.emit()
        self._refresh_similarity()

    # --- points

    def place(self, point_vox: Sequence[float], landmark: str | None = None) -> bool:
        """Set a landmark in the current image by hand; False (and said) where it cannot be.

        A point that moves a found or earlier one is a correction. Both teach the finder.
        """
        landmark = landmark if landmark is not None else self.landmark
        case, image = self.case, self.image
        if case is None or image is None or landmark is None:
            return False
        point = tuple(float(v) for v in point_vox)
        if not image.grid.contains_voxel(point):
            self._say("error", "That click is outside of the image. Click on the image itself.")
            return False
        before = self.points.get((case.key, landmark))
        source: Literal["manual", "corrected"] = "manual"
        if before is not None and before.source != "manual":
            source = "corrected"
        state = PointState(case.key, landmark, point, source)
        self.points[case.key, landmark] = state
        grid = image.grid
        words = None if self.find_at_once and self.ready is not None else f"{landmark} placed"
        self._save(lambda: self._store.set_point(case, grid, state), words)
        self.points_changed.emit()
        if self.find_at_once:
            self._want([landmark])
        return True

    def accept(self) -> None:
        """Take the found point as it is; go on to the next one to check."""
        point, case, image = self.point, self.case, self.image
        if point is None or case is None or image is None:
            return
        if point.source == "predicted":
            state = replace(point, source="manual", level="set")
            self.points[case.key, point.landmark] = state
            grid = image.grid
            words = f"{point.landmark} accepted in {case.name}"
            self._save(lambda: self._store.set_point(case, grid, state), words)
            self.points_changed.emit()
        self.next_to_check()

    def delete_point(self, landmark: str) -> None:
        """Take a person's point away; what was found in its place shows again."""
        case = self.case
        if case is None or (case.key, landmark) not in self.points:
            return
        key = case.key
        self._reload(lambda: self._store.delete_point(key, landmark), f"{landmark} deleted")

    def undo(self) -> None:
        """Take back the last thing that a person did."""
        self._reload(self._store.undo, "Undone", "Nothing to undo")

    def redo(self) -> None:
        """Do again what was taken back."""
        self._reload(self._store.redo, "Done again", "Nothing to redo")

    def export(self, task: Callable[[Sequence[PointState]], Sequence[Path]]) -> None:
        """Write all points in the disk's thread with ``task(points)``; say where they went."""
        known = {s.key for s in self.sources}
        points = [p for p in self.points.values() if p.case_key in known]

        def written(paths: Sequence[Path]) -> None:
            where = paths[0].name if len(paths) == 1 else f"{len(paths)} files"
            self._say("done", f"{len(points)} points written to {where}")

        self._run(self._disk, lambda _: task(points), written)

    # --- images, one after the other

    def go(self, index: int) -> None:
        """Show another image."""
        if self.sources and index % len(self.sources) != self.index:
            self.index = index % len(self.sources)
            self._enter_case()

    def go_to(self, case_key: str) -> None:
        """Show the image of this key."""
        keys = [s.key for s in self.sources]
        if case_key in keys:
            self.go(keys.index(case_key))

    def step(self, step: int) -> None:
        """Show the next or the previous image."""
        self.go(self.index + step)

    def next_to_check(self) -> None:
        """Show the next image, from unsure to sure, whose point a person should check."""
        todo = [p for p in self.review() if p.needs_a_look]
        here = None if self.case is None else self.case.key
        keys = [p.case_key for p in todo]
        if here in keys:
            todo = todo[keys.index(here) + 1 :] + todo[: keys.index(here)]
        if todo:
            self.go_to(todo[0].case_key)
        elif self.landmark is not None and self.points_of(self.landmark):
            self._say("done", f"Nothing left to check for {self.landmark}")

    def _enter_case(self) -> None:
        case = self.case
        self.image = None if case is None else self._images.get(case.key)
        self.case_changed.emit()
        if self.image is not None:
            self.image_changed.emit()
        self._refresh_similarity()
        if case is None:
            return
        self._read(case)
        self._read(self.sources[(self.index + 1) % len(self.sources)])

    def _read(self, source: ImageSource) -> None:
        if source.key in self._images:
            return

        def have(image: Image) -> None:
            self._images[source.key] = image
            for old in list(self._images)[:-8]:
                del self._images[old]
            if self.case is not None and self.case.key == source.key and self.image is None:
                self.image = image
                self.image_changed.emit()

        def failed(error: BaseException) -> None:
            if isinstance(error, FileRefusedError):
                self._leave_out(source, str(error))
            else:
                self._failed(error)

        self._display.submit(lambda _: read_for_display(source), have, failed)

    def _leave_out(self, source: ImageSource, message: str) -> None:
        """Go on without an image that cannot be read; it is named among the problems."""
        from medssl.io import Problem

        if source not in self.sources:
            return
        current = self.case
        self.sources = tuple(s for s in self.sources if s != source)
        if all(p.path != source.path for p in self.problems):
            self.problems = (*self.problems, Problem(source.path, message))
        moved = current == source
        keep = 0 if moved or current is None else self.sources.index(current)
        self.index = min(self.index, len(self.sources) - 1) if moved else keep
        self.images_changed.emit()
        if not self.sources:
            self._say("error", f"No image could be read. {message}")
        elif moved:
            self._enter_case()

    # --- finding

    def find_all(self) -> None:
        """Find every landmark that was clicked, in all images."""
        self._want(name for name in self.landmarks if self.templates(name))

    def set_show_similarity(self, show: bool) -> None:
        """Show or hide the similarity map."""
        self.show_similarity = show
        self.state_changed.emit()
        self._refresh_similarity()

    def _want(self, landmarks: Iterable[str]) -> None:
        self._wanted |= set(landmarks)
        if not self._wanted:
            return
        if self.ready is None:
            if not self._preparing:
                self._prepare()
            return
        if not self._finding:
            self._find()

    def _find(self) -> None:
        wanted = sorted(self._wanted & set(self.landmarks))
        self._wanted.clear()
        if not wanted:
            return
        templates = {name: self.templates(name) for name in self.landmarks}
        self._finding = True
        self._say("busy", f"Finding {_and(wanted)} in all images")

        def done(found: Sequence[FoundPoint]) -> None:
            self._finding = False
            self._adopt_found(wanted, [from_found(f) for f in found])
            self._want([])
            if self._wanted:
                self._find()

        def failed(error: BaseException) -> None:
            self._finding = False
            self._failed(error)

        self._work.submit(lambda p: self._engine.find(wanted, templates, p), done, failed)

    def _adopt_found(self, landmarks: Iterable[str], found: list[PointState]) -> None:
        names = set(landmarks) & set(self.landmarks)
        kept = {
            k: p for k, p in self.points.items() if p.source != "predicted" or k[1] not in names
        }
        new = {(p.case_key, p.landmark): p for p in found if p.landmark in names}
        self.points = {**new, **kept}
        model = self.ready.model if self.ready is not None else str(self.model)
        predicted = list(new.values())
        to_check = sum(p.needs_a_look for k, p in new.items() if k not in kept)
        check = f" · {to_check} to check" if to_check else ""
        words = f"{_and(sorted(names))} found in {_image_words(len(self.sources))}{check}"
        self._save(lambda: self._store.set_predictions(names, predicted, model), words)
        self.points_changed.emit()
        self._refresh_similarity()

    def _refresh_similarity(self) -> None:
        landmark, case = self.landmark, self.case
        useful = landmark is not None and case is not None and bool(self.templates(landmark))
        if not (self.show_similarity and useful and self.ready is not None):
            if self.similarity is not None:
                self.similarity = None
                self.similarity_changed.emit()
            return

        def have(result: tuple[Any, Grid] | None) -> None:
            now = self.case is not None and case is not None and self.case.key == case.key
            if result is not None and now and self.landmark == landmark:
                self.similarity = (str(landmark), *result)
                self.similarity_changed.emit()

        key, name = case.key if case else "", landmark or ""
        wanted = (key, name)

        def work(_: Progress) -> tuple[Any, Grid] | None:
            here = self.case.key if self.case is not None else ""
            stale = (here, self.landmark) != wanted
            return None if stale else self._engine.similarity(name, key)

        self._run(self._work, work, have)

    # --- shared

    def _load(self, task: Callable[[], Saved], done: Callable[[Saved], None]) -> None:
        """Read from the cohort, and again where something was written in the meantime."""
        at = self._writes

        def have(saved: Saved) -> None:
            if self._writes == at:
                done(saved)
            else:
                self._load(lambda: self._store.read(saved.action), done)

        self._run(self._disk, lambda _: task(), have)

    def _adopt_saved(self, saved: Saved) -> None:
        before = {name: self.templates(name) for name in self.landmarks}
        self.landmarks = list(saved.landmarks)
        if self.landmark not in self.landmarks:
            self.landmark = self.landmarks[0] if self.landmarks else None
        self.points = {(p.case_key, p.landmark): p for p in saved.points}
        self._landmarks_touched()
        changed = [n for n in self.landmarks if self.templates(n) != before.get(n, {})]
        gone = [n for n in changed if not self.templates(n)]
        for name in gone:
            self._adopt_nothing(name)
        if self.ready is not None:
            self._want(n for n in changed if n not in gone)

    def _adopt_nothing(self, landmark: str) -> None:
        """Drop what was found for a landmark that nobody shows any more."""
        self.points = {
            k: p for k, p in self.points.items() if k[1] != landmark or p.source != "predicted"
        }
        self._save(lambda: self._store.set_predictions([landmark], [], ""), None)
        self.points_changed.emit()

    def _reload(self, task: Callable[[], Saved], words: str, nothing: str = "") -> None:
        def done(saved: Saved) -> None:
            self._adopt_saved(saved)
            if saved.action is None and nothing:
                self._say("info", nothing)
            else:
                self._say("done", f"{words}: {saved.action}" if saved.action else words)

        if self.where is not None:
            self._load(task, done)

    def _save(self, task: Callable[[], None], words: str | None = "") -> None:
        """Write in the disk's thread; afterwards say `words`, unless they are None or empty."""

        def done(_: None) -> None:
            if words:
                self._say("done", f"{words} · saved")

        def failed(error: BaseException) -> None:
            if not isinstance(error, Cancelled):
                self._say("error", f"Not saved: {_message(error)}")

        self._writes += 1
        self._disk.submit(lambda _: task(), done, failed)

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
            self._say("error", _message(error))

    def _say(self, kind: Literal["info", "busy", "done", "error"], text: str) -> None:
        self.status_changed.emit(Status(kind, text))
        self.state_changed.emit()


def _message(error: BaseException) -> str:
    if isinstance(error, MedsslError):
        return str(error)
    return f"Something unexpected went wrong ({type(error).__name__}: {error}). It was logged."


def _no_images(listing: ImageListing) -> str:
    first = listing.problems[0].message if listing.problems else ""
    return f"No image could be read. {first}"


def _image_words(number: int) -> str:
    return f"{number} image{'' if number == 1 else 's'}"


def _and(names: Sequence[str]) -> str:
    if len(names) > 3:
        return f"{len(names)} landmarks"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
