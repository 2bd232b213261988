"""The background threads of the Pretraining dock."""

from __future__ import annotations

from napari_medssl.worker import Worker


class TrainingThreads:
    """Four threads: for images, for forecasts and the like, to act on runs, to follow one.

    Attributes
    ----------
    images, work, control, follow
        The threads.
    """

    def __init__(self) -> None:
        self.images, self.work = Worker("images"), Worker("training")
        self.control, self.follow = Worker("runs"), Worker("follow")
        self._ended = False

    @property
    def busy(self) -> bool:
        """Whether anything is running or waiting."""
        return any(w.busy for w in (self.images, self.work, self.control, self.follow))

    def end(self) -> None:
        """End all, once; an action on a run that was asked for is still carried out."""
        if self._ended:
            return
        self._ended = True
        self.images.close()
        self.work.close()
        self.follow.close()
        self.control.finish()
