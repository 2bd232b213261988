"""The background threads of the Segmentation dock, and how they end without losing a stroke."""

from __future__ import annotations

from collections.abc import Callable

from napari_medssl.worker import Worker


class SegmentThreads:
    """One thread each for the cohort, imports, the image, the whole cohort, clicks, and the job.

    Attributes
    ----------
    disk, importing, display, work, quick, learning
        The threads.
    """

    def __init__(self) -> None:
        self.disk, self.importing = Worker("masks"), Worker("import")
        self.display, self.work = Worker("case"), Worker("segment")
        self.quick, self.learning = Worker("strokes"), Worker("learning")
        self._ended = False

    @property
    def busy(self) -> bool:
        """Whether anything is running or waiting."""
        every = (
            self.disk, self.importing, self.display, self.work, self.quick, self.learning,
        )  # fmt: skip
        return any(worker.busy for worker in every)

    def end(self, close: Callable[[], None]) -> None:
        """Stop all but what is being written, then close the cohort; once."""
        if self._ended:
            return
        self._ended = True
        for worker in (self.importing, self.display, self.work, self.quick, self.learning):
            worker.close()
        self.disk.finish()
        close()
