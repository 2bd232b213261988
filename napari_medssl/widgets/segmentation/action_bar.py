"""The one primary button of the Segmentation dock, and the quieter ones below it."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from napari_medssl.cohorts.exporting import MASK_KINDS
from napari_medssl.segmenting import Segmenter
from napari_medssl.shortcuts import labelled
from napari_medssl.widgets.export_menu import export_button
from napari_medssl.widgets.parts import button

_LONGEST = 20
_BY = {
    "structures": "by the structures that you picked",
    "strokes": "by what you painted",
    "net": "by the net that a job taught",
}


class ActionBar(QWidget):
    """Open, find structures, or segment everywhere: whichever comes next.

    Signals
    -------
    folder_wanted
        There are no images yet, and a person wants to open some.
    export_wanted
        Kind of export that a person wants.
    """

    folder_wanted = Signal()
    export_wanted = Signal(object)

    def __init__(self, state: Segmenter) -> None:
        super().__init__()
        self._state = state
        self.primary = button("", "", self._primary, "primary")
        self.following = button(
            labelled("Next to check", "next_mask"),
            "Open the image whose mask is the least sure",
            state.next_to_check,
        )
        self.undo = button(labelled("Undo", "undo"), "Undo a pick (also Ctrl+Z)", state.undo)
        self.redo = button(labelled("Redo", "redo"), "Redo (also Ctrl+Shift+Z)", state.redo)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.primary)
        self.export = export_button(MASK_KINDS, self.export_wanted.emit)
        self._rows = QWidget()
        rows = QVBoxLayout(self._rows)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(5)
        for group in ((self.following, self.export), (self.undo, self.redo)):
            row = QHBoxLayout()
            row.setSpacing(5)
            for one in group:
                row.addWidget(one, 1)
            rows.addLayout(row)
        column.addWidget(self._rows)

    def refresh(self) -> None:
        """Offer what can be done now."""
        state = self._state
        some = bool(state.cases)
        self._rows.setVisible(some)
        if not some:
            self.primary.setText("Open a folder…")
            self.primary.setToolTip("A folder with images; subfolders are searched too")
            self.primary.setEnabled(not state.importing)
        elif not state.offers_segmenting:
            self.primary.setText(labelled("Find structures", "structures"))
            self.primary.setToolTip("Group what looks alike in all images; no outline is needed")
            self.primary.setEnabled(not state.importing and not state.finding)
        else:
            organ = state.organs.current
            name = organ.name
            shown = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
            self.primary.setText(labelled(f"Segment {shown} in all images", "segment_all"))
            words = f"Find {name} in every image {_BY[organ.by]}, and store its masks"
            self.primary.setToolTip(words)
            self.primary.setEnabled(state.can_segment)
        self.following.setEnabled(bool(state.review()))
        self.export.setEnabled(bool(state.stored))

    def _primary(self) -> None:
        if not self._state.cases:
            self.folder_wanted.emit()
        elif not self._state.offers_segmenting:
            self._state.find_structures()
        else:
            self._state.segment_all()
