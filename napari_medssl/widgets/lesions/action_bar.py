"""Learn and show where, the one primary button of the Lesion maps dock, and the quieter ones."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from napari_medssl.lesions.exporting import KINDS, LesionExport
from napari_medssl.lesions.lesions import Lesions
from napari_medssl.shortcuts import labelled, shortcut
from napari_medssl.widgets.parts import button


class ActionBar(QWidget):
    """Learning, undo, export.

    Signals
    -------
    open_wanted
        There are no images yet, and a person wants to open some.
    export_wanted
        Kind of export that a person wants.
    """

    open_wanted = Signal()
    export_wanted = Signal(object)

    def __init__(self, lesions: Lesions) -> None:
        super().__init__()
        self._lesions = lesions
        self.primary = button("", "", self.act, "primary")
        self.undo = button(labelled("Undo", "undo"), "Undo (also Ctrl+Z)", lesions.undo)
        self.redo = button(labelled("Redo", "redo"), "Redo (also Ctrl+Shift+Z)", lesions.redo)
        self.export = button("Export… ▾", "Write maps, regions and scores", lambda: None)
        menu = QMenu(self.export)
        for kind in KINDS:
            menu.addAction(kind.words).triggered.connect(self._wish(kind))
        self.export.setMenu(menu)
        self._row = QWidget()
        row = QHBoxLayout(self._row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(5)
        row.addWidget(self.undo)
        row.addWidget(self.redo)
        row.addStretch(1)
        row.addWidget(self.export)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.primary)
        column.addWidget(self._row)

    def refresh(self) -> None:
        """Offer what can be done now."""
        lesions = self._lesions
        some = bool(lesions.cases)
        self._row.setVisible(some)
        if not some:
            self.primary.setText("Open a cohort or a folder…")
            self.primary.setToolTip("A cohort (name.medssl) or a folder of images")
            self.primary.setEnabled(not lesions.importing)
            return
        self.primary.setText(labelled("Learn and show where", "learn"))
        self.primary.setToolTip(lesions.missing or shortcut("learn").words)
        self.primary.setEnabled(lesions.can_learn)
        self.export.setEnabled(lesions.fit is not None)

    def act(self) -> None:
        """Learn, or ask for images where there are none."""
        if self._lesions.cases:
            self._lesions.learn()
        else:
            self.open_wanted.emit()

    def _wish(self, kind: LesionExport) -> Callable[[], None]:
        return lambda: self.export_wanted.emit(kind)
