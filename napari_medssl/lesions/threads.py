"""The background threads of the Lesion maps dock, and how they end without losing a label."""

from __future__ import annotations

from collections.abc import Callable

from napari_medssl.worker import Worker


class LesionThreads:
    """One thread each for the cohort, imports, the image, the job, the maps, and their cutting.

    Attributes
    ----------
    disk, importing, display, fitting, mapping, cutting
        The threads.
    """

    def __init__(self) -> None:
        self.disk, self.importing = Worker("labels"), Worker("import")
        self.display, self.fitting = Worker("case"), Worker("fitting")
        self.mapping, self.cutting = Worker("maps"), Worker("regions")
        self._ended = False

    @property
    def busy(self) -> bool:
        """Whether anything is running or waiting."""
        others = (self.importing, self.display, self.fitting, self.mapping, self.cutting)
        return self.disk.busy or any(worker.busy for worker in others)

    def end(self, close: Callable[[], None]) -> None:
        """Stop all but what is being written, then close the cohort; once."""
        if self._ended:
            return
        self._ended = True
        for worker in (self.importing, self.display, self.fitting, self.mapping, self.cutting):
            worker.close()
        self.disk.finish()
        close()
