"""How a dock that browses a cohort and the others of a viewer show the same cohort and case."""

from __future__ import annotations

from napari_medssl.cohorts import CohortBrowser
from napari_medssl.shared import Shared
from napari_medssl.widgets.cohort.own_stage import OwnStage
from napari_medssl.widgets.in_step import InStep


class Sharing(InStep):
    """Keeps the browser of a dock and what the docks share in step, both ways.

    Parameters
    ----------
    browser
        State of the dock.
    shared
        What the docks of the viewer share.
    stage
        Shows the current case while no other dock does, and this one was the first to offer it.
    """

    def __init__(self, browser: CohortBrowser, shared: Shared, stage: OwnStage) -> None:
        self._own, self._stage = browser, stage
        ties = (
            (shared.landmark_model_changed, self._set_model),
            (shared.shown_changed, browser.detail_changed.emit),
            (browser.correction_wanted, self._correct),
        )
        super().__init__(browser, shared, stage, ties)
        browser.shown_elsewhere = self._shown
        shared.owners.add(stage)
        shared.offer_to_show(self)
        self._set_model()
        self._follow_stage()
        self._follow_images()

    def end(self) -> None:
        """Follow no longer, and let another dock show the case."""
        super().end()
        self._shared.offer_no_more(self)

    def _follow_stage(self) -> None:
        shared = self._shared
        self._browser.set_showing(shared.stage is None and shared.stand_in is self)

    def _correct(self, landmark: str) -> None:
        (self._shared.stage or self._stage).correct(landmark)

    def _shown(self) -> str | None:
        return None if self._shared.stage is None else self._shared.stage.shown

    def _set_model(self) -> None:
        self._own.model = self._shared.landmark_model
