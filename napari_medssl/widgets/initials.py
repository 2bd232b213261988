"""Who clicks: a small field that every dock shows the same."""

from __future__ import annotations

from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QWidget

from napari_medssl.person import MOST_LETTERS
from napari_medssl.shared import Shared


class InitialsField(QWidget):
    """Initials that are written beside each click; empty: nobody's name is written.

    Parameters
    ----------
    shared
        What the docks of the viewer share.
    """

    def __init__(self, shared: Shared) -> None:
        super().__init__()
        self._shared = shared
        self.line = QLineEdit(shared.initials)
        self.line.setMaxLength(MOST_LETTERS)
        self.line.setPlaceholderText("optional")
        self.line.setFixedWidth(88)
        self.line.setAccessibleName("Initials")
        self.line.setToolTip("Who clicks; written beside each point, so that two people compare")
        self.line.editingFinished.connect(lambda: shared.set_initials(self.line.text()))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel("Initials"))
        row.addWidget(self.line)
        row.addStretch(1)
        shared.initials_changed.connect(self._show)

    def end(self) -> None:
        """Let go of what is shared."""
        self._shared.initials_changed.disconnect(self._show)

    def _show(self, initials: str) -> None:
        with QSignalBlocker(self.line):
            self.line.setText(initials)
