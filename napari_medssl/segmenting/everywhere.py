"""The same organ in every image of the cohort, in the background."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from medssl.levels import level_of
from medssl.progress import Progress
from napari_medssl.segmenting.masks import store_mask
from napari_medssl.segmenting.picking import Picking
from napari_medssl.session.status import image_words

if TYPE_CHECKING:
    from napari_medssl.segmenting.passes import Found


class Everywhere(Picking):
    """Segments the current organ in all images, and stores each mask as it comes.

    Attributes
    ----------
    segmenting
        Whether it is at work.
    taught
        Organs that were learned from corrections: their clusters are asked no more.
    """

    segmenting_changed = Signal()
    segmenting = False

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.taught: set[str] = set()

    @property
    def can_segment(self) -> bool:
        """Whether there is an organ to look for, and nothing else at work."""
        organ = self.organs.current
        known = bool(organ.members) and self.tree is not None
        return not self.segmenting and self.ready is not None and (known or self._is_taught)

    @property
    def _is_taught(self) -> bool:
        return self.organs.current.name in self.taught

    def segment_all(self) -> None:
        """Segment the current organ in all images; what a person painted stays."""
        path, ready, organ, names = self.path, self.ready, self.organs.current, self.organs.names
        if path is None or ready is None or not self.can_segment:
            return
        taught = self._is_taught
        self._set_segmenting(True)
        self._say("busy", f"Segmenting {organ.name} in all images")

        def work(progress: Progress) -> list[float]:
            from medssl.cohort import Cohort

            if taught:
                self._learn_anew(organ.name)
            sure = []
            with Cohort.open(path) as cohort:
                for key, mask, confidence in self._read_all(taught, organ.members, progress):
                    store_mask(
                        cohort, key, organ.name, mask, names, "predicted", ready.model,
                        confidence=confidence,
                    )  # fmt: skip
                    sure.append(confidence)
            return sure

        def found(sure: list[float]) -> None:
            self._set_segmenting(False)
            high = sum(level_of(one) == "high" for one in sure)
            check = len(sure) - high
            words = f"{image_words(len(sure))} · {high} high, {check} to check · saved"
            self._say("done", words)
            self._show_written(path)

        def failed(error: BaseException) -> None:
            self._set_segmenting(False)
            self._failed(error)
            self._show_written(path)

        self._run(self._work, work, found, failed)

    def stop(self) -> None:
        """Stop what is at work; masks that are stored stay."""
        self._work.cancel()
        self._importing.cancel()

    def _learn_anew(self, name: str) -> None:
        """Let the engine know all corrections of an organ; in a background thread."""

    def _read_all(
        self, taught: bool, members: frozenset[int], progress: Progress
    ) -> Iterator[Found]:
        if taught:
            return self._engine.taught_all(progress)
        return self._engine.outline_all(members, progress)

    def _show_written(self, path: Any) -> None:
        if path == self.path:
            self.written.emit()
            self.reload()

    def _set_segmenting(self, segmenting: bool) -> None:
        self.segmenting = segmenting
        self.segmenting_changed.emit()
