"""State of the Cohort dock, and everything that a person can do in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.cohorts.desk import Desk
from napari_medssl.cohorts.exporting import Exporting
from napari_medssl.cohorts.refining import Refining

if TYPE_CHECKING:
    from napari_medssl.worker import Runner


class CohortBrowser(Refining, Exporting):
    """The cohort that a viewer works on; its methods belong to the window's thread.

    Parameters
    ----------
    disk, importing, display, refiner
        What runs the cohort's, the import's, the reading tasks and the refining, each in order.
    """

    def __init__(self, disk: Runner, importing: Runner, display: Runner, refiner: Runner) -> None:
        super().__init__(Desk(), disk, importing, display)
        self.refiner = refiner
        self.start_review()

    def close(self) -> None:
        """Close the cohort; for the end of the window, when nothing is running."""
        self._desk.close()
