"""How a dock that works on a cohort and the other docks show the same images and case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import QObject, QTimer

from napari_medssl.cohorts.looking import Looking
from napari_medssl.places import is_cohort
from napari_medssl.shared import Shared

_TOGETHER_MS = 250
Ties = Sequence[tuple[Any, Any]]


class InStep:
    """Keeps a dock's state and what the docks share in step, both ways.

    Parameters
    ----------
    browser
        State of the dock.
    shared
        What the docks of the viewer share.
    owner
        Lives as long as the dock.
    ties
        Signals and slots of this dock alone.
    """

    def __init__(self, browser: Looking, shared: Shared, owner: QObject, ties: Ties) -> None:
        self._browser, self._shared = browser, shared
        self._seen = browser.where
        self.later = QTimer(owner, singleShot=True, interval=_TOGETHER_MS)
        self.later.timeout.connect(lambda: browser.reload())
        self._ties = (
            (shared.initials_changed, self._set_author),
            (shared.images_changed, self._follow_images),
            (shared.case_changed, self._follow_case),
            (shared.stage_changed, self._follow_stage),
            (shared.written, self._follow_writing),
            (browser.cases_changed, self._tell_images),
            (browser.case_changed, self._tell_case),
            (browser.written, self._tell_written),
            (browser.imported, self._tell_cases),
            *ties,
        )
        for signal, slot in self._ties:
            signal.connect(slot)
        shared.join(self)
        self._set_author(shared.initials)

    def end(self) -> None:
        """Follow no longer."""
        for signal, slot in self._ties:
            signal.disconnect(slot)
        self.later.stop()
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

    def _set_author(self, initials: str) -> None:
        self._browser.author = initials or None

    def _follow_images(self) -> None:
        where = self._shared.images
        if where is not None and where != self._browser.where:
            self._browser.follow(where)

    def _follow_case(self) -> None:
        if self._shared.case is not None and self._browser.where == self._shared.images:
            self._browser.go_to(self._shared.case)

    def _follow_stage(self) -> None:
        self._browser.set_showing(self._shared.stage is None)

    def _follow_writing(self, who: object) -> None:
        if who is not self._browser:
            self.later.start()
