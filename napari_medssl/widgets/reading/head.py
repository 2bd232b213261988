"""Head of the Reading room: which image is read, and what its values are."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari.layers import Image
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QWidget

from napari_medssl.layers import KEY
from napari_medssl.reading.windows import is_hounsfield
from napari_medssl.widgets.parts import Chip
from napari_medssl.widgets.read_target import known_of

if TYPE_CHECKING:
    from napari import Viewer


class ReadingHead(QWidget):
    """Two chips: the image, and whether its values are Hounsfield units.

    Signals
    -------
    chosen
        An image layer to read.
    hounsfield_set
        A person says that the values are, or are not, Hounsfield units.
    """

    chosen = Signal(object)
    hounsfield_set = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.image = Chip("Image that is read")
        self.values = Chip("What the grey values are")
        self.values.set_entries(
            [
                ("Hounsfield units (CT)", lambda: self.hounsfield_set.emit(True)),
                ("Other values", lambda: self.hounsfield_set.emit(False)),
            ]
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(5)
        row.addWidget(self.image)
        row.addWidget(self.values)
        row.addStretch(1)

    def show_state(self, viewer: Viewer, layer: Image | None) -> None:
        """Show which image is read, and offer the others."""
        images = [one for one in viewer.layers if isinstance(one, Image) and KEY in one.metadata]
        self.image.set_entries([(one.name, partial(self.chosen.emit, one)) for one in images])
        self.image.set_words("No image" if layer is None else layer.name, 190)
        self.image.setToolTip("Image that is read" if layer is None else f"{layer.name}: read now")
        known = known_of(layer)
        self.values.setVisible(known is not None and layer is not None and not layer.rgb)
        if known is not None:
            modality = str(known.get("modality") or "")
            kind = "Hounsfield units" if is_hounsfield(known) else modality or "Grey values"
            self.values.set_words(kind)
