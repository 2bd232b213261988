"""Masks of other images as the only guide, folded away."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from napari_medssl.segmenting import Segmenter
from napari_medssl.widgets.parts import Fold, button, label

_HINT = (
    "Masks of the same kind of shape: of other people, or of another modality. None has to belong "
    "to these images, and the shape should be about as large in them."
)


class ShapeBox(Fold):
    """Chooses a folder of masks, and starts the job that learns from it."""

    def __init__(self, state: Segmenter) -> None:
        self._state = state
        content = QWidget()
        self.choose = button("", "", self.ask)
        column = QVBoxLayout(content)
        column.setContentsMargins(12, 0, 0, 0)
        column.setSpacing(5)
        column.addWidget(label(_HINT, "hint"))
        column.addWidget(self.choose)
        super().__init__("Use masks of another modality as shape", content)
        self.refresh()

    def refresh(self) -> None:
        """Name the organ, and offer the job while it can be started."""
        name = self._state.organs.current.name
        self.choose.setText(f"Find {name} by masks of others…")
        self.choose.setToolTip(
            f"Learn {name} from masks that belong to no image here (shape-guided adversarial "
            "learning; in the background, minutes). What you painted stays"
        )
        self.choose.setEnabled(self._state.can_learn_shape)

    def ask(self) -> None:
        """Ask for the folder, and start."""
        name = self._state.organs.current.name
        chosen = QFileDialog.getExistingDirectory(self, f"Folder of masks of {name}")
        if chosen:
            self._state.learn_shape(Path(chosen))
