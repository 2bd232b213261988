"""Find structures, and how coarse or fine they are."""

from __future__ import annotations

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from napari_medssl.segmenting import Segmenter
from napari_medssl.shortcuts import labelled
from napari_medssl.widgets.parts import button, label

_MOST = 64


class StructureBar(QWidget):
    """A button and a slider; the slider moves along the merge tree.

    Parameters
    ----------
    state
        State of the dock.
    """

    def __init__(self, state: Segmenter) -> None:
        super().__init__()
        self._state = state
        self.find = button(
            labelled("Find anew", "structures"),
            "Group what looks alike in all images, anew; masks that are stored stay",
            state.find_structures,
        )
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(2, _MOST)
        self.slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.slider.setAccessibleName("coarse to fine")
        self.slider.valueChanged.connect(state.set_level)
        self._count = label("", "hint")
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.find)
        row.addWidget(QLabel("coarse"))
        row.addWidget(self.slider, 1)
        row.addWidget(QLabel("fine"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self._count)

    def refresh(self) -> None:
        """Show the level."""
        tree = self._state.tree
        self.find.setText(
            labelled("Find structures" if tree is None else "Find anew", "structures")
        )
        self.find.setEnabled(not self._state.segmenting and not self._state.finding)
        self.slider.setEnabled(tree is not None)
        if tree is None:
            self._count.setText("")
            return
        with QSignalBlocker(self.slider):
            self.slider.setRange(min(2, tree.count), min(_MOST, tree.count))
            self.slider.setValue(self._state.level)
        words = f"{self._state.level} structures of {tree.count} clusters"
        self.slider.setToolTip(words)
        self._count.setText(f"{words} · click adds, Alt-click takes out")
