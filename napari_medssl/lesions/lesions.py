"""State of the Lesion maps dock, and everything that a person can do in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.lesions.exporting import Exporting
from napari_medssl.lesions.mapping import MapEngine

if TYPE_CHECKING:
    from napari_medssl.worker import Runner


class Lesions(Exporting):
    """Labels, fits and maps of the cohort that a viewer works on.

    Its methods belong to the window's thread.

    Parameters
    ----------
    engine
        What makes maps.
    disk, importing, display, fitter, mapper, cutter
        What runs the cohort's, the import's and the reading tasks, what follows the job, what
        makes maps and what cuts them, each in order.
    """

    def __init__(
        self,
        engine: MapEngine,
        disk: Runner,
        importing: Runner,
        display: Runner,
        fitter: Runner,
        mapper: Runner,
        cutter: Runner,
    ) -> None:
        super().__init__(disk, importing, display, fitter)
        self.engine, self.fitter, self.mapper, self.cutter = engine, fitter, mapper, cutter
        self.cases_changed.connect(self.look_for_fits)
        self.start_showing()
