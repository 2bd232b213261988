"""The background threads of the Pretraining dock."""

from __future__ import annotations

from napari_medssl.worker import Worker


class TrainingThreads:
    """One thread that looks at images and forecasts, one that acts on runs, one that follows.

    Attributes
    ----------
    work, control, follow
        The threads.
    """

    def __init__(self) -> None:
        self.work, self.control = Worker("training"), Worker("runs")
        self.follow = Worker("follow")
        self._ended = False

    @property
    def busy(self) -> bool:
        """Whether anything is running or waiting."""
        return self.work.busy or self.control.busy or self.follow.busy

    def end(self) -> None:
        """End all, once; an action on a run that was asked for is still carried out."""
        if self._ended:
            return
        self._ended = True
        self.work.close()
        self.follow.close()
        self.control.finish()
