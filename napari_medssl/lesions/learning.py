"""Learn and show where: a job in a process of its own that learns from the labels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from psygnal import Signal

from medssl.progress import Progress
from napari_medssl.lesions.fits import Fit, start_fit, told_words
from napari_medssl.lesions.labelling import Labelling
from napari_medssl.lesions.words import missing_words
from napari_medssl.training.following import follow_job

if TYPE_CHECKING:
    from napari_medssl.worker import Runner

RANDOM = "random"


class Learning(Labelling):
    """Starts the job, follows it, finds it again.

    Attributes
    ----------
    base
        What learning begins with: a model folder, or ``"random"``.
    device
        Where it learns: ``auto`` or a device of PyTorch.
    longer
        Whether it takes four times as many steps.
    fitting
        Whether a job is at work.
    fitter
        What runs the task that follows the job.
    told
        How the newest fit did on what it left out, in words.

    Signals
    -------
    fitting_changed
        A job was started or has ended.
    fit_changed
        There is another newest fit.
    base_changed
        Learning begins with something else, or happens elsewhere.
    """

    fitting_changed = Signal()
    fit_changed = Signal()
    base_changed = Signal()
    base: str = RANDOM
    device = "auto"
    longer = False
    fitting = False
    fitter: Runner
    told = ""
    _ending = False
    _fit: Fit | None = None

    @property
    def fit(self) -> Fit | None:
        """The newest fit of the open cohort."""
        return self._fit

    @property
    def missing(self) -> str:
        """Which labels are missing, in words; empty where there are enough."""
        return missing_words(self.classes, dict(self.label_counts()))

    @property
    def can_learn(self) -> bool:
        """Whether there is enough to learn from, and no job at work."""
        return bool(self.cases) and not self.fitting and not self.missing

    def set_base(self, base: str) -> None:
        """Begin with another model."""
        if base != self.base:
            self.base = base
            self.base_changed.emit()

    def set_device(self, device: str) -> None:
        """Learn elsewhere."""
        if device != self.device:
            self.device = device
            self.base_changed.emit()

    def learn(self) -> None:
        """Start a job on the labels as they are."""
        path, normal, base = self.path, self.classes[0], self.base
        longer, device = self.longer, self.device
        if path is None or self.fitting:
            return
        if self.missing:
            self._say("info", self.missing)
            return
        self._say("busy", "Starting to learn")
        self._follow_job(path, lambda: start_fit(path, normal, base, longer, device))

    def look_for_fits(self) -> None:
        """Take over what the cohort says of fits: a newer one, or one that is at work."""
        contents = self.contents
        fits = None if contents is None else contents.fits
        done = None if fits is None else fits.done
        if (done and done.run) != (self._fit and self._fit.run):
            self._fit, self.told = done, ""
            self.fit_changed.emit()
            self._tell()
        if contents is not None and fits is not None and fits.at_work and not self.fitting:
            run = fits.at_work
            self._follow_job(contents.path, lambda: run)

    def stop_learning(self) -> None:
        """Stop the job; the cohort and the fits before it stay as they are."""
        if self.fitting:
            self._ending = True
            self.fitter.cancel()

    def _follow_job(self, path: Path, start: Callable[[], Path]) -> None:
        self._set_fitting(True)

        def work(progress: Progress) -> None:
            follow_job(start(), progress, lambda: self._ending, "Learning from the labels")

        def done(_: None) -> None:
            self._set_fitting(False)
            self._say("done", "Learned. The map of each image shows where")
            if self.path == path:
                self.written.emit()
                self.reload()

        def failed(error: BaseException) -> None:
            self._set_fitting(False)
            self._failed(error)

        self._run(self.fitter, work, done, failed)

    def _set_fitting(self, fitting: bool) -> None:
        self.fitting, self._ending = fitting, False
        self.fitting_changed.emit()

    def _tell(self) -> None:
        fit, normal = self._fit, self.classes[0]
        if fit is None:
            return

        def have(words: str) -> None:
            if fit is self._fit:
                self.told = words
                self.fit_changed.emit()

        self._run(self._disk, lambda _: told_words(fit.run, fit.scores, normal), have)
