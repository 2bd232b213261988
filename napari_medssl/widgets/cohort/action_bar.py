"""Accept, the one primary button of the Cohort dock, and the quieter ones below it."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from napari_medssl.cohorts import CohortBrowser
from napari_medssl.cohorts.exporting import KINDS
from napari_medssl.shortcuts import labelled, shortcut
from napari_medssl.widgets.export_menu import export_button
from napari_medssl.widgets.parts import button


class ActionBar(QWidget):
    """What a person says of the current case, and which one comes next.

    Signals
    -------
    open_wanted, import_wanted
        There is no cohort yet, or it is empty, and a person wants to change that.
    export_wanted
        Kind of export that a person wants.
    """

    open_wanted = Signal()
    import_wanted = Signal()
    export_wanted = Signal(object)

    def __init__(self, browser: CohortBrowser) -> None:
        super().__init__()
        self._browser = browser
        self.primary = button("", "", self._primary, "primary")
        self.reject = button(
            labelled("Reject", "reject_case"),
            "Take away all that was found in this case; undo brings it back",
            browser.reject,
        )
        self.correct = button(
            labelled("Correct", "correct_case"),
            "Click the least sure landmark where it belongs; or drag its point",
            browser.correct,
        )
        self.skip = button(labelled("Skip", "skip_case"), "Look at it later", browser.skip)
        self.following = button(
            labelled("Next most useful", "next_case"),
            "Open the case whose review helps most (see Advanced)",
            browser.next_useful,
        )
        self.refine = button(
            labelled("Refine from your points", "refine"),
            "Learn from all that was set and corrected, and find the landmarks again in the other "
            "cases. It runs in the background; nobody's point is changed",
            browser.refine,
        )
        self.export = export_button(KINDS, self.export_wanted.emit)
        self.undo = button(labelled("Undo", "undo"), "Undo (also Ctrl+Z)", browser.undo)
        self.redo = button(labelled("Redo", "redo"), "Redo (also Ctrl+Shift+Z)", browser.redo)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.primary)
        self._rows = QWidget()
        rows = QVBoxLayout(self._rows)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(5)
        for group in (
            (self.reject, self.correct, self.skip),
            (self.refine, self.export),
            (self.following,),
        ):
            row = QHBoxLayout()
            row.setSpacing(5)
            for one in group:
                row.addWidget(one, 1)
            rows.addLayout(row)
        row.addWidget(self.undo)
        row.addWidget(self.redo)
        column.addWidget(self._rows)

    def refresh(self) -> None:
        """Offer what can be done now."""
        browser = self._browser
        some = bool(browser.cases)
        self._rows.setVisible(some)
        if not some:
            empty = browser.contents is not None
            self.primary.setText("Import images…" if empty else "Open a cohort or a folder…")
            self.primary.setToolTip("" if empty else "A cohort (name.medssl) or a folder of images")
            self.primary.setEnabled(not browser.importing)
            return
        self.primary.setText(labelled("Accept all in this case", "accept_case"))
        self.primary.setToolTip(shortcut("accept_case").words)
        self.primary.setEnabled(browser.waits)
        self.reject.setEnabled(browser.waits)
        self.correct.setEnabled(browser.detail is not None)
        self.skip.setEnabled(browser.case is not None)
        self.refine.setEnabled(browser.can_refine)
        self.following.setEnabled(any(case.state != "reviewed" for case in browser.shown))

    def _primary(self) -> None:
        if self._browser.cases:
            self._browser.accept()
        else:
            (self.open_wanted if self._browser.contents is None else self.import_wanted).emit()
