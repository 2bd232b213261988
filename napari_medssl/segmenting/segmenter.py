"""State of the Segmentation dock, and everything that a person can do in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.cohorts.desk import Desk
from napari_medssl.cohorts.exporting import Exporting
from napari_medssl.segmenting.learning import Learning

if TYPE_CHECKING:
    from napari_medssl.segmenting.contract import SegmentEngine
    from napari_medssl.segmenting.threads import SegmentThreads


class Segmenter(Learning, Exporting):
    """The cohort that is segmented; its methods belong to the window's thread.

    Parameters
    ----------
    engine
        The heavy part.
    threads
        What runs the tasks.
    """

    def __init__(self, engine: SegmentEngine, threads: SegmentThreads) -> None:
        super().__init__(
            engine, Desk(), threads.disk, threads.importing, threads.display, threads.work,
            threads.quick,
        )  # fmt: skip
        self.learner = threads.learning

    def close(self) -> None:
        """Close the cohort; for the end of the window, when nothing is running."""
        self._desk.close()
