"""The organ that clicks add to: its name, its colour, what it is made of."""

from __future__ import annotations

from qtpy.QtCore import QSignalBlocker, QSize, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from napari_medssl.colours import colour_of
from napari_medssl.points import count
from napari_medssl.segmenting import Segmenter
from napari_medssl.widgets.parts import ElidedLabel, button

_SWATCH = 12


class OrganBox(QWidget):
    """Chooses, names, adds and takes away organs.

    Parameters
    ----------
    state
        State of the dock.
    """

    def __init__(self, state: Segmenter) -> None:
        super().__init__()
        self._state = state
        self.names = QComboBox()
        self.names.setEditable(True)
        self.names.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.names.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.names.setAccessibleName("Organ")
        self.names.setToolTip("The organ that clicks add to; write another name over it")
        self.names.setIconSize(QSize(_SWATCH, _SWATCH))
        self.names.activated.connect(lambda at: state.select_organ(self.names.itemText(at)))
        line = self.names.lineEdit()
        assert line is not None
        self.line = line
        line.editingFinished.connect(self._rename)
        self.more = button("+", "Begin another organ", state.add_organ)
        self.less = button("−", "Take this organ away; stored masks stay", state.remove_organ)
        for one in (self.more, self.less):
            one.setFixedWidth(30)
        self.made_of = ElidedLabel()
        row = QHBoxLayout()
        row.setSpacing(5)
        row.addWidget(QLabel("Organ"))
        row.addWidget(self.names, 1)
        row.addWidget(self.more)
        row.addWidget(self.less)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addLayout(row)
        column.addWidget(self.made_of)

    def refresh(self) -> None:
        """Show the organs."""
        organs = self._state.organs
        with QSignalBlocker(self.names), QSignalBlocker(self.line):
            self.names.clear()
            for name in organs.names:
                self.names.addItem(_swatch(colour_of(name, organs.names)), name)
            self.names.setCurrentIndex(organs.at)
        self.less.setEnabled(len(organs.every) > 1 or bool(organs.current.members))
        self.made_of.set_words(self._words())

    def _words(self) -> str:
        state = self._state
        organ = state.organs.current
        found = state.review()
        images = f"  ·  {count(found, len(state.cases)).words}" if found else ""
        if organ.by == "net":
            return f"= what a net learned{images}"
        if organ.by == "strokes":
            return f"= what you painted taught{images}"
        if not organ.members:
            begin = "click it in the image" if state.tree is not None else "find structures first"
            shown = "= your masks" if found else f"= nothing yet: {begin}"
            return f"{shown}{images}"
        numbers = state.shown_structures(organ.members)
        listed = ", ".join(map(str, numbers))
        return f"= structure{'' if len(numbers) == 1 else 's'} {listed}{images}"

    def _rename(self) -> None:
        self._state.rename_organ(self.line.text())
        self.line.clearFocus()


def _swatch(colour: str) -> QIcon:
    pixmap = QPixmap(_SWATCH, _SWATCH)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawRoundedRect(0, 0, _SWATCH, _SWATCH, 3, 3)
    painter.end()
    return QIcon(pixmap)
