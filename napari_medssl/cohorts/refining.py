"""Refine: learn from the points that a person set, and find the landmarks of all cases again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from psygnal import Signal

from medssl.progress import Progress
from napari_medssl.cohorts.refine_job import count_found, start_refining
from napari_medssl.cohorts.reviewing import Reviewing
from napari_medssl.training.following import follow_job

if TYPE_CHECKING:
    from napari_medssl.worker import Runner


class Refining(Reviewing):
    """Starts the job and takes in what it wrote.

    Attributes
    ----------
    model
        What the landmarks are found with.
    refining
        Whether the job is at work.
    refiner
        What runs the task that follows the job.

    Signals
    -------
    refining_changed
        The job was started or has ended.
    """

    refining_changed = Signal()
    model: str | Path = "instant"
    refining = False
    refiner: Runner
    _stopping = False

    @property
    def can_refine(self) -> bool:
        """Whether there is a point to learn from, a case to find it in, and no job at work."""
        contents = self.contents
        some = contents is not None and bool(contents.landmarks) and len(contents.cases) > 1
        return some and not self.refining and any(case.by_person for case in self.cases)

    def refine(self) -> None:
        """Start the job in a process of its own, and show what it found when it ends."""
        path, model = self.path, self.model
        if path is None or not self.can_refine:
            return
        self._set_refining(True)
        self._say("busy", "Starting to refine")

        def work(progress: Progress) -> int:
            run = start_refining(path, model)
            follow_job(run, progress, lambda: self._stopping, "Refining")
            return count_found(path, run)

        def found(number: int) -> None:
            self._set_refining(False)
            points = f"{number} point{'' if number == 1 else 's'}"
            self._say("done", f"{points} found anew · those that people set stay")
            if self.path == path:
                self.written.emit()
                self.reload()

        def failed(error: BaseException) -> None:
            self._set_refining(False)
            self._failed(error)

        self._run(self.refiner, work, found, failed)

    def stop_refining(self) -> None:
        """Stop the job; the cohort stays as it is."""
        if self.refining:
            self._stopping = True
            self.refiner.cancel()

    def _set_refining(self, refining: bool) -> None:
        self.refining, self._stopping = refining, False
        self.refining_changed.emit()
