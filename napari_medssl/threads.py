"""The background threads of one dock, and how they end without losing a click."""

from __future__ import annotations

import logging
from collections.abc import Callable

from medssl.errors import MedsslError
from napari_medssl.worker import Worker

_LOG = logging.getLogger(__name__)


class TaskThreads:
    """One thread that computes, one that writes the cohort, one that reads images to show.

    It outlives the dock's window, so that the last clicks are written when that is closed in
    whatever way.

    Attributes
    ----------
    work, disk, display
        The threads.
    ended
        Whether everything is written and over.
    """

    def __init__(self) -> None:
        self.work, self.disk, self.display = Worker("engine"), Worker("store"), Worker("display")
        self.ended = False

    @property
    def busy(self) -> bool:
        """Whether anything is running or waiting."""
        return self.work.busy or self.disk.busy or self.display.busy

    def end(self, save_rest: Callable[[], None]) -> None:
        """Stop computing, let every write end, then write the rest; once."""
        if self.ended:
            return
        self.ended = True
        self.work.close()
        self.display.close()
        self.disk.finish()
        try:
            save_rest()
        except MedsslError as error:
            _LOG.error("the last clicks could not be saved: %s", error)
