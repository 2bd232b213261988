"""The same organ in every image of the cohort, in the background."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from medssl.progress import Progress
from napari_medssl.segmenting.masks import store_mask, stored_words
from napari_medssl.segmenting.picking import Picking

if TYPE_CHECKING:
    from medssl.io import Problem
    from napari_medssl.segmenting.organs import Organ
    from napari_medssl.segmenting.passes import Found

_Pass = Callable[[Progress], "tuple[tuple[Problem, ...], Iterator[Found]]"]


class Everywhere(Picking):
    """Segments the current organ in all images, and stores each mask as it comes.

    Attributes
    ----------
    segmenting
        Whether it is at work.
    """

    segmenting_changed = Signal()
    segmenting = False

    @property
    def taught(self) -> frozenset[str]:
        """Organs that were learned from corrections: their clusters are asked no more."""
        return frozenset(organ.name for organ in self.organs.every if organ.by == "strokes")

    @property
    def can_segment(self) -> bool:
        """Whether there is an organ to look for, and nothing else at work."""
        organ = self.organs.current
        if self.segmenting or not self.cases:
            return False
        if organ.by == "net":
            return True
        picked = bool(organ.members) and self.tree is not None
        return self.ready is not None and (picked or organ.by == "strokes")

    @property
    def offers_segmenting(self) -> bool:
        """Whether finding structures is not the next thing to do."""
        return self.tree is not None or self.organs.current.by == "net"

    def segment_all(self) -> None:
        """Segment the current organ in all images; what a person painted stays."""
        path, organ, names = self.path, self.organs.current, self.organs.names
        if path is None or not self.can_segment:
            return
        begin, model = self._pass(path, organ)
        self._set_segmenting(True)
        self._say("busy", f"Segmenting {organ.name} in all images")

        def work(progress: Progress) -> tuple[str, tuple[Problem, ...]]:
            from medssl.cohort import Cohort

            problems, every = begin(progress)
            sure = {}
            with Cohort.open(path) as cohort:
                for key, mask, confidence in every:
                    sure[key] = confidence
                    if mask is None:
                        cohort.set_segmentation_confidence(key, organ.name, confidence)
                        continue
                    store_mask(
                        cohort, key, organ.name, mask, names, "predicted", model,
                        confidence=confidence,
                    )  # fmt: skip
                return stored_words(cohort, organ.name, sure), problems

        def found(result: tuple[str, tuple[Problem, ...]]) -> None:
            self._set_segmenting(False)
            words, problems = result
            if self.path == path:
                self.problems = problems
                self.import_changed.emit()
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

    def _pass(self, path: Path, organ: Organ) -> tuple[_Pass, str]:
        """Give what segments all images by what was taught last, and the name it goes by."""
        engine, device, ready = self._engine, self.device, self.ready
        if organ.by == "net":
            run = Path(organ.net)
            return lambda progress: engine.net_all(path, run, device, progress), run.name
        assert ready is not None

        def by_strokes(progress: Progress) -> tuple[tuple[Problem, ...], Iterator[Found]]:
            self._learn_anew(organ.name)
            return ready.problems, engine.taught_all(progress)

        def by_structures(progress: Progress) -> tuple[tuple[Problem, ...], Iterator[Found]]:
            return ready.problems, engine.outline_all(organ.members, progress)

        return by_strokes if organ.by == "strokes" else by_structures, ready.model

    def _show_written(self, path: Any) -> None:
        if path == self.path:
            self.written.emit()
            self.reload()

    def _set_segmenting(self, segmenting: bool) -> None:
        self.segmenting = segmenting
        self.segmenting_changed.emit()
