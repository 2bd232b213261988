"""How a dock that browses a cohort and the others of a viewer show the same cohort and case."""

from __future__ import annotations

from qtpy.QtCore import QTimer

from napari_medssl.cohorts import CohortBrowser
from napari_medssl.places import is_cohort
from napari_medssl.shared import Shared
from napari_medssl.widgets.cohort.own_stage import OwnStage

_TOGETHER_MS = 250


class Sharing:
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
        self._browser, self._shared, self._stage = browser, shared, stage
        self._seen = browser.where
        self.later = QTimer(stage, singleShot=True, interval=_TOGETHER_MS)
        self.later.timeout.connect(lambda: browser.reload())
        self._ties = (
            (shared.initials_changed, self._set_author),
            (shared.landmark_model_changed, self._set_model),
            (shared.images_changed, self._follow_images),
            (shared.case_changed, self._follow_case),
            (shared.stage_changed, self._follow_stage),
            (shared.shown_changed, browser.detail_changed.emit),
            (shared.written, self._follow_writing),
            (browser.cases_changed, self._tell_images),
            (browser.case_changed, self._tell_case),
            (browser.written, self._tell_written),
            (browser.imported, self._tell_cases),
            (browser.correction_wanted, self._correct),
        )
        for signal, slot in self._ties:
            signal.connect(slot)
        browser.shown_elsewhere = self._shown
        shared.owners.add(stage)
        shared.join(self)
        shared.offer_to_show(self)
        self._set_author(shared.initials)
        self._set_model()
        self._follow_stage()
        self._follow_images()

    def end(self) -> None:
        """Follow no longer."""
        for signal, slot in self._ties:
            signal.disconnect(slot)
        self.later.stop()
        self._shared.offer_no_more(self)
        self._shared.leave(self)

    def _tell_images(self) -> None:
        if self._browser.where != self._seen:
            self._seen = self._browser.where
            self._shared.show_images(self._seen)
        self._follow_case()

    def _tell_case(self) -> None:
        browser = self._browser
        if browser.key is not None and browser.where == self._shared.images:
            self._shared.show_case(browser.key)

    def _tell_written(self) -> None:
        self._shared.written.emit(self._browser)

    def _tell_cases(self) -> None:
        """Let the others see new cases; those that lie elsewhere only the cohort itself holds."""
        browser = self._browser
        if browser.path is not None and not is_cohort(browser.where or ()) and browser.elsewhere:
            browser.where = self._seen = browser.path
            self._shared.show_images(browser.path)
        else:
            self._shared.cases_changed.emit()

    def _correct(self, landmark: str) -> None:
        (self._shared.stage or self._stage).correct(landmark)

    def _shown(self) -> str | None:
        return None if self._shared.stage is None else self._shared.stage.shown

    def _set_author(self, initials: str) -> None:
        self._browser.author = initials or None

    def _set_model(self) -> None:
        self._browser.model = self._shared.landmark_model

    def _follow_images(self) -> None:
        where = self._shared.images
        if where is not None and where != self._browser.where:
            self._browser.follow(where)

    def _follow_case(self) -> None:
        if self._shared.case is not None and self._browser.where == self._shared.images:
            self._browser.go_to(self._shared.case)

    def _follow_stage(self) -> None:
        shared = self._shared
        self._browser.set_showing(shared.stage is None and shared.stand_in is self)

    def _follow_writing(self, who: object) -> None:
        if who is not self._browser:
            self.later.start()
