"""The background threads of the Cohort dock, and how they end without losing a verdict."""

from __future__ import annotations

from collections.abc import Callable

from napari_medssl.worker import Worker


class CohortThreads:
    """One thread each for the cohort, imports, the image, the thumbnails, and the refining.

    Attributes
    ----------
    disk, importing, display, pictures, refining
        The threads.
    """

    def __init__(self) -> None:
        self.disk, self.importing = Worker("cohort"), Worker("import")
        self.display, self.pictures = Worker("case"), Worker("thumbnails")
        self.refining = Worker("refining")
        self._ended = False

    @property
    def busy(self) -> bool:
        """Whether anything is running or waiting."""
        every = (self.disk, self.importing, self.display, self.pictures, self.refining)
        return any(worker.busy for worker in every)

    def end(self, close: Callable[[], None]) -> None:
        """Stop all but what is being written, then close the cohort; once."""
        if self._ended:
            return
        self._ended = True
        for worker in (self.importing, self.display, self.pictures, self.refining):
            worker.close()
        self.disk.finish()
        close()
