"""Masks of organs in the cohort: what is stored, and what is seen of it in the current image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from medssl.levels import level_of
from napari_medssl.colours import colour_of
from napari_medssl.points import Level, PointState, Source, least_sure_first
from napari_medssl.segmenting.structures import Structures
from napari_medssl.session.status import image_words

if TYPE_CHECKING:
    from medssl.cohort import Cohort
    from medssl.cohort.findings import SegmentationRecord
    from medssl.segment.clusters import MergeTree

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Shown:
    """The mask of an organ in the current image, on its own grid.

    Parameters
    ----------
    mask
        Its voxels.
    source
        Who made it; None while it is not stored.
    confidence
        Of a prediction.
    """

    mask: Mask
    source: Source | None = None
    confidence: float | None = None

    @property
    def by_person(self) -> bool:
        """Whether a person has painted it."""
        return self.source in ("manual", "corrected")


class Masks(Structures):
    """Reads and writes masks in the cohort's own thread.

    Attributes
    ----------
    masks
        By organ: what is seen in the current image.
    stored
        All masks of the cohort, as points without a place, for the list of the review.

    Signals
    -------
    mask_changed
        An organ's mask in the current image is another.
    stored_changed
        The cohort holds other masks.
    """

    mask_changed = Signal(str)
    stored_changed = Signal()

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.masks: dict[str, Shown] = {}
        self.stored: tuple[PointState, ...] = ()
        self._unread = False
        self.detail_changed.connect(self._read_unread)

    def review(self) -> list[PointState]:
        """Masks of the current organ, the least sure first."""
        name = self.organs.current.name
        return least_sure_first(one for one in self.stored if one.landmark == name)

    def next_to_check(self) -> None:
        """Open the image whose mask of the current organ is the least sure, then the next one."""
        todo = [one.case_key for one in self.review() if one.needs_a_look]
        if not todo:
            name = self.organs.current.name
            some = any(one.landmark == name for one in self.stored)
            self._say("info", f"Nothing left to check for {name}" if some else "Nothing found yet")
            return
        at = todo.index(self.key) + 1 if self.key in todo else 0
        self.go_to(todo[at % len(todo)])

    def read_masks(self) -> None:
        """Read what the cohort holds of the organs in the current image."""
        key, names, grid = self.key, self.organs.names, self.grid
        self._unread = grid is None
        if key is None or grid is None:
            return

        def read(cohort: Cohort) -> dict[str, Shown]:
            found = {one.name: one for one in cohort.segmentations(key) if one.name in names}
            return {
                name: Shown(mask_of(cohort, one, grid.shape), one.source, one.confidence)
                for name, one in found.items()
            }

        def have(found: dict[str, Shown]) -> None:
            if key == self.key:
                for name in names:
                    self._show_mask(name, found.get(name))

        self._run(self._disk, lambda _: self._desk.ask(read), have)

    def _read_unread(self) -> None:
        """Read the masks of an image whose grid was not known before."""
        if self._unread:
            self.read_masks()

    def _show_mask(self, name: str, shown: Shown | None) -> None:
        """Show what was read of an organ, or that there is nothing."""
        before = self.masks.pop(name, None)
        if shown is not None:
            self.masks[name] = shown
        if before is not None or shown is not None:
            self.mask_changed.emit(name)

    def _read_stored(self) -> None:
        """Read which masks the cohort holds."""
        path = self.path

        def have(found: tuple[PointState, ...]) -> None:
            if path == self.path and found != self.stored:
                self.stored = found
                self.stored_changed.emit()

        self._run(self._disk, lambda _: self._desk.ask(stored_masks), have)

    def _look_again(self) -> None:
        super()._look_again()
        self.read_masks()

    def _adopt_tree(self, tree: MergeTree) -> None:
        super()._adopt_tree(tree)
        self.read_masks()  # what other clusters had outlined goes

    def go_to(self, key: str | None) -> None:
        """Look at another image; masks of the one before go."""
        if key != self.key and (key is None or key in self._by_key):
            self.masks.clear()
        super().go_to(key)

    def _adopt(self, contents: Any) -> None:
        if contents is None or contents.path != self.path:
            self.masks.clear()
            self.stored = ()
        super()._adopt(contents)
        if contents is not None:
            self._read_stored()


def stored_masks(cohort: Cohort) -> tuple[PointState, ...]:
    """Give all masks that hold, as points without a place."""
    return tuple(_about(one) for one in cohort.segmentations())


def mask_of(cohort: Cohort, record: SegmentationRecord, shape: Sequence[int]) -> Mask:
    """Read the mask of an organ; a single slice takes the shape of the picture that it is."""
    found = cohort.read_segmentation(record)
    mask = np.any([found.mask(segment) for segment in found.segments], axis=0)
    return np.asarray(mask.reshape(shape))


def store_mask(
    cohort: Cohort,
    key: str,
    name: str,
    mask: Mask,
    names: Sequence[str],
    source: Source,
    model: str | None = None,
    author: str | None = None,
    confidence: float | None = None,
) -> None:
    """Store the mask of an organ, in the organ's colour; a prediction replaces no person's."""
    from medssl.io import Segmentation

    grid = cohort.case(key).grid
    labels = mask.reshape(grid.shape).astype(np.uint8)
    colours = {name: colour_of(name, names).lower()}
    drawn = Segmentation.from_labels(labels, grid, {1: name}, colours)
    cohort.set_segmentation(key, name, drawn, source, model, author, confidence)


def stored_words(cohort: Cohort, name: str, sure: Mapping[str, float]) -> str:
    """Say how sure the stored predictions of an organ are, and how many images a person painted.

    Parameters
    ----------
    cohort
        Where they are stored.
    name
        The organ.
    sure
        Confidence by case; where a person has painted, that holds.
    """
    painted = {one.case_key for one in cohort.segmentations(name=name, kind="human")} & set(sure)
    high = sum(level_of(one) == "high" for key, one in sure.items() if key not in painted)
    check = len(sure) - len(painted) - high
    yours = f", {len(painted)} painted" if painted else ""
    return f"{image_words(len(sure))} · {high} high, {check} to check{yours} · saved"


def _about(record: SegmentationRecord) -> PointState:
    level: Level = "set"
    if record.source == "predicted":
        level = level_of(record.confidence or 0.0)
    return PointState(
        record.case_key, record.name, (), record.source, record.confidence, level, record.author
    )
