"""Head of the Lesion maps dock: what learning begins with, which device, which cohort."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QWidget

from napari_medssl.lesions.learning import RANDOM
from napari_medssl.lesions.lesions import Lesions
from napari_medssl.widgets.head import DEVICES
from napari_medssl.widgets.parts import Chip


class Head(QWidget):
    """Three chips that show and change the model, the device and the images.

    Signals
    -------
    open_wanted, layers_wanted
        A person wants to open a cohort or folder, or use the open layers.
    sample_wanted
        Kind of the sample that a person wants: ``chest`` or ``volume``.
    """

    open_wanted = Signal()
    layers_wanted = Signal()
    sample_wanted = Signal(str)

    def __init__(self, lesions: Lesions) -> None:
        super().__init__()
        self._lesions = lesions
        self.model = Chip("What learning begins with")
        self.device = Chip("Where learning runs")
        self.cohort = Chip("Images to work on")
        self.device.set_entries(
            [(words, partial(lesions.set_device, key)) for key, words in DEVICES.items()]
        )
        self.model.set_entries(
            [
                ("From random weights", lambda: lesions.set_base(RANDOM)),
                None,
                ("Model or run folder…", self._choose_model),
            ]
        )
        self.cohort.set_entries(
            [
                ("Open a cohort or a folder…", self.open_wanted.emit),
                ("Use the open layers", self.layers_wanted.emit),
                None,
                ("Sample: chest phantoms", lambda: self.sample_wanted.emit("chest")),
                ("Sample: volume phantoms", lambda: self.sample_wanted.emit("volume")),
            ]
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(5)
        for chip in (self.model, self.device, self.cohort):
            row.addWidget(chip)
        row.addStretch(1)

    def refresh(self) -> None:
        """Show what is used."""
        lesions = self._lesions
        random = lesions.base == RANDOM
        self.model.set_words("Random weights" if random else model_name(Path(lesions.base)))
        told = "a small net that knows nothing yet" if random else lesions.base
        self.model.setToolTip(f"What learning begins with: {told}")
        self.model.setEnabled(not lesions.fitting)
        self.device.set_words(DEVICES[lesions.device])
        self.device.setEnabled(not lesions.fitting)
        if lesions.contents is None:
            self.cohort.set_words("No images")
            self.cohort.setToolTip("Images to work on")
        else:
            self.cohort.set_words(f"{lesions.name} · {len(lesions.cases)}")
            self.cohort.setToolTip(f"Images to work on; labels are kept in {lesions.path}")

    def _choose_model(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Choose a model folder or a run folder")
        if chosen:
            self._lesions.set_base(chosen)


def model_name(folder: Path) -> str:
    """Name a model: of a run's the run folder."""
    return folder.parent.name if folder.name == "model" else folder.name
