"""Correct by painting: the brush of the organ's layer, and whether it teaches."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from napari_medssl.segmenting import Segmenter
from napari_medssl.widgets.parts import Fold, button, label


class CorrectBox(Fold):
    """Paint, erase, pick; each stroke teaches, or not.

    Signals
    -------
    brush_wanted
        Whether to erase.
    pick_wanted
        The mouse shall pick structures again.
    """

    brush_wanted = Signal(bool)
    pick_wanted = Signal()

    def __init__(self, state: Segmenter) -> None:
        content = QWidget()
        self._state = state
        self.paint = button(
            "Paint", "Paint on the organ (its Labels layer)", lambda: self._ask(False)
        )
        self.erase = button(
            "Erase",
            "Erase of the organ; beside it this teaches what it is not",
            lambda: self._ask(True),
        )
        self.pick = button("Pick", "Let clicks pick structures again", self._rest)
        for one in (self.paint, self.erase, self.pick):
            one.setCheckable(True)
        self.teaches = QCheckBox("Learn from each stroke")
        self.teaches.setChecked(state.teaching)
        self.teaches.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.teaches.setToolTip("Each stroke changes the rest of the image; what you painted stays")
        self.teaches.toggled.connect(state.set_teaching)
        self.job = button("Learn as a job", "", state.learn)
        self.compare = QCheckBox("Compare with random initialisation")
        self.compare.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.compare.toggled.connect(state.set_compare)
        row = QHBoxLayout()
        row.setSpacing(5)
        for one in (self.paint, self.erase, self.pick):
            row.addWidget(one, 1)
        column = QVBoxLayout(content)
        column.setContentsMargins(12, 0, 0, 0)
        column.setSpacing(5)
        column.addLayout(row)
        column.addWidget(self.teaches)
        column.addWidget(label("Saved after every stroke. Ctrl+Z takes one back.", "hint"))
        column.addWidget(self.job)
        column.addWidget(self.compare)
        super().__init__("Correct by painting (teaches)", content)

    def refresh(self) -> None:
        """Offer what can be learned now."""
        state = self._state
        name, painted = state.organs.current.name, state.painted
        self.job.setEnabled(state.can_learn)
        self.job.setToolTip(
            f"Teach a whole net {name} from the {painted} you painted (self-supervised model "
            "fine-tuned; in the background, minutes)"
            if painted
            else f"Paint {name} in an image first"
        )
        self.compare.setEnabled(state.can_compare and not state.learning)
        self.compare.setToolTip(
            "A net that begins with nothing learns the same; both are scored on painted images "
            "kept back. It takes twice as long"
            if state.can_compare
            else "Needs a pretrained model and two painted images"
        )

    def show_mode(self, mode: str) -> None:
        """Show what the mouse does."""
        self.paint.setChecked(mode == "paint")
        self.erase.setChecked(mode == "erase")
        self.pick.setChecked(mode not in ("paint", "erase"))

    def _ask(self, erase: bool) -> None:
        self.show_mode("erase" if erase else "paint")
        self.brush_wanted.emit(erase)

    def _rest(self) -> None:
        self.show_mode("pick")
        self.pick_wanted.emit()
