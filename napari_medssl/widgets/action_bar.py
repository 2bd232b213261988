"""The one primary button of a dock, and the quieter ones below it."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from napari_medssl import exports
from napari_medssl.session import Session
from napari_medssl.shortcuts import labelled
from napari_medssl.widgets.parts import button


class ActionBar(QWidget):
    """Find in all images (or open some), undo, redo, export.

    Signals
    -------
    folder_wanted
        There are no images yet, and a person wants to open some.
    """

    folder_wanted = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.primary = button("", "", self._primary, "primary")
        undo = button(labelled("Undo", "undo"), "Undo (also Ctrl+Z)", session.undo)
        redo = button(labelled("Redo", "redo"), "Redo (also Ctrl+Shift+Z)", session.redo)
        self.export = button("Export… ▾", "Write all points to a file", lambda: None)
        menu = QMenu(self.export)
        menu.addAction("Table, all images (CSV)…").triggered.connect(self.export_table)
        menu.addAction("3D Slicer, one file an image (.mrk.json)…").triggered.connect(
            self.export_markups
        )
        self.export.setMenu(menu)
        self._secondary = (undo, redo, self.export)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.primary)
        row = QHBoxLayout()
        row.setSpacing(5)
        row.addWidget(undo)
        row.addWidget(redo)
        row.addStretch(1)
        row.addWidget(self.export)
        column.addLayout(row)

    def refresh(self) -> None:
        """Offer what can be done now."""
        session = self._session
        some = bool(session.sources)
        for one in self._secondary:
            one.setVisible(some)
        if some:
            self.primary.setText(labelled("Find in all images", "find"))
            self.primary.setEnabled(session.can_find)
            self.primary.setToolTip("Look for every landmark that you clicked in all images")
        else:
            self.primary.setText("Open a folder…")
            self.primary.setEnabled(True)
            self.primary.setToolTip("A folder with images; subfolders are searched too")
        self.export.setEnabled(bool(session.points))

    def export_table(self) -> None:
        """Ask for a file and write all points to it."""
        path, _ = QFileDialog.getSaveFileName(self, "Export points", "landmarks.csv", "CSV (*.csv)")
        if path:
            self._session.export(exports.csv_writer(Path(path), self._session))

    def export_markups(self) -> None:
        """Ask for a folder and write one Slicer file an image to it."""
        folder = QFileDialog.getExistingDirectory(self, "Folder for the Slicer files")
        if folder:
            self._session.export(exports.markups_writer(Path(folder), self._session))

    def _primary(self) -> None:
        if self._session.sources:
            self._session.find_all()
        else:
            self.folder_wanted.emit()
