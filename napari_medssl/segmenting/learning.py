"""Learn as a job: from painted masks, or masks of other images, in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from medssl.levels import level_of
from medssl.progress import Progress
from napari_medssl.segmenting.correcting import Correcting
from napari_medssl.segmenting.learn_job import (
    Wanted,
    score_held_out,
    start_learning,
    take_in,
)
from napari_medssl.segmenting.shape_job import start_shape
from napari_medssl.segmenting.structures import INSTANT
from napari_medssl.session.status import image_words
from napari_medssl.training.following import follow_job

if TYPE_CHECKING:
    from napari_medssl.segmenting.organs import Organ
    from napari_medssl.worker import Runner

RANDOM = "random"
_FEWEST_TO_COMPARE = 2


class Learning(Correcting):
    """Starts the job, follows it, and takes in what it found.

    Attributes
    ----------
    learning
        Whether it is at work.
    compare
        Whether a net that begins with nothing learns the same, to be compared.
    learner
        What runs the task that follows the job.
    """

    learning_changed = Signal()
    learning = False
    compare = False
    learner: Runner
    _stopping = False

    @property
    def painted(self) -> int:
        """Images in which a person has painted the current organ."""
        return sum(one.source != "predicted" for one in self.review())

    @property
    def can_learn(self) -> bool:
        """Whether there is something to learn from, and no job at work."""
        return not self.learning and self.painted > 0

    @property
    def can_learn_shape(self) -> bool:
        """Whether there are images to find a shape in, and no job at work."""
        return not self.learning and bool(self.cases)

    @property
    def can_compare(self) -> bool:
        """Whether a comparison says anything: a pretrained net, and images to score it on."""
        return self.model != INSTANT and self.painted >= _FEWEST_TO_COMPARE

    def set_compare(self, compare: bool) -> None:
        """Compare with random initialisation, or not."""
        self.compare = compare

    def learn(self) -> None:
        """Start the job; its masks are stored when it ends. What a person painted stays."""
        if self.path is None or not self.can_learn:
            return
        both = self.compare and self.can_compare
        model = RANDOM if self.model == INSTANT else str(self.model)
        wanted = self._wanted(self.path, model, both)
        self._start(wanted, lambda: start_learning(wanted), both)

    def learn_shape(self, prior: Path) -> None:
        """Start a job that finds the organ from masks of other images; no image needs a mask."""
        if self.path is None or not self.can_learn_shape:
            return
        wanted = self._wanted(self.path, RANDOM, both=False)
        self._start(wanted, lambda: start_shape(wanted, prior), both=False)

    def _wanted(self, path: Path, model: str, both: bool) -> Wanted:
        organs = self.organs
        return Wanted(path, organs.current.name, organs.names, model, self.device, held_out=both)

    def _start(self, wanted: Wanted, start: Callable[[], Path], both: bool) -> None:
        organ, path = wanted.organ, wanted.cohort
        before = self._known_of(organ)
        self._set_learning(True)
        self._say("busy", f"Learning {organ}")

        def work(progress: Progress) -> tuple[Path, list[float], str]:
            run = start()
            follow_job(run, progress, lambda: self._stopping, "Learning")
            said = ""
            if both:
                said = self._compared(wanted, run, progress)
            return run, take_in(wanted, run, progress), said

        def found(result: tuple[Path, list[float], str]) -> None:
            self._set_learning(False)
            run, sure, said = result
            if self.path == path and self._known_of(organ) == before:
                self._history.note_net(organ, str(run))
                self._keep_organs()
                self.organs_changed.emit()
            high = sum(level_of(one) == "high" for one in sure)
            words = f"{organ} learned: {image_words(len(sure))} · {high} high"
            self._say("done", f"{words}, {len(sure) - high} to check · saved{said}")
            self._show_written(path)

        def failed(error: BaseException) -> None:
            self._set_learning(False)
            self._failed(error)

        self._run(self.learner, work, found, failed)

    def _known_of(self, organ: str) -> tuple[Organ | None, int]:
        """Give what a person has said of an organ up to now, to tell whether more comes."""
        return self.organs.organ(organ), self._lessons_given[organ]

    def _compared(self, wanted: Wanted, run: Any, progress: Progress) -> str:
        """Let a net that begins with nothing learn the same; say both scores."""
        from dataclasses import replace

        other = start_learning(replace(wanted, model=RANDOM))
        follow_job(other, progress, lambda: self._stopping, "Learning from nothing")
        ours, theirs = score_held_out(wanted, run), score_held_out(wanted, other)
        return f" · Dice on images kept back: {ours:.2f}, from random {theirs:.2f}"

    def stop(self) -> None:
        """Stop what is at work, the job too; masks that are stored stay."""
        super().stop()
        if self.learning:
            self._stopping = True
            self.learner.cancel()

    def _set_learning(self, learning: bool) -> None:
        self.learning, self._stopping = learning, False
        self.learning_changed.emit()
