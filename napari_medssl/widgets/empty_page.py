"""What a dock shows before there are images: a sentence, and the buttons that lead on."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_medssl.widgets.parts import button, label

_FIND = (
    "Open a folder of X-rays, ultrasound, CT or MR. Click a point once in one image, "
    "and it is found in all the others."
)


class EmptyPage(QWidget):
    """Teaches what to do first.

    Parameters
    ----------
    hint
        What images are for in this dock.

    Signals
    -------
    layers_wanted
        A person wants to use the open layers.
    sample_wanted
        Kind of the sample that a person wants.
    """

    layers_wanted = Signal()
    sample_wanted = Signal(str)

    def __init__(self, hint: str = _FIND) -> None:
        super().__init__()
        self.sample = button(
            "Try the sample",
            "Make a small cohort of chest phantoms",
            lambda: self.sample_wanted.emit("chest"),
        )
        self.layers = button(
            "Use the open layers",
            "Work on the images open in napari",
            self.layers_wanted.emit,
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 10, 4, 0)
        layout.setSpacing(8)
        layout.addStretch(1)
        self._title, self._hint = label("No images yet", "title"), label(hint, "hint")
        layout.addWidget(self._title)
        layout.addWidget(self._hint)
        layout.addWidget(self.layers)
        layout.addWidget(self.sample)
        layout.addStretch(2)

    def set_words(self, title: str, hint: str, buttons: bool) -> None:
        """Say what there is not yet, and what leads on; with or without the buttons."""
        self._title.setText(title)
        self._hint.setText(hint)
        for one in (self.layers, self.sample):
            one.setVisible(buttons)
