"""Head of a dock: which model, which device, which images; a click changes them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Protocol

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QWidget

from napari_medssl.session import INSTANT
from napari_medssl.widgets.parts import Chip

DEVICES = {"auto": "Automatic", "cpu": "CPU", "cuda": "CUDA", "mps": "Apple GPU"}


class HeadState(Protocol):
    """What the head shows and changes of a dock's state."""

    model: str | Path
    device: str
    kept_in: Path | None

    @property
    def ready(self) -> Any:
        """What is used, once the images are ready; its ``device`` is named."""

    @property
    def sources(self) -> Any:
        """The images."""

    @property
    def name(self) -> str:
        """Name of the images."""

    @property
    def folder(self) -> Path | None:
        """Folder of the images."""

    def set_model(self, model: str | Path) -> None:
        """Choose another model."""

    def set_device(self, device: str) -> None:
        """Choose where to compute."""


class Head(QWidget):
    """Three chips that show and change the model, the device and the images.

    Signals
    -------
    folder_wanted, layers_wanted
        A person wants to open a folder, or to use the open layers.
    sample_wanted
        Kind of the sample that a person wants: ``chest`` or ``volume``.
    """

    folder_wanted = Signal()
    layers_wanted = Signal()
    sample_wanted = Signal(str)

    def __init__(self, session: HeadState) -> None:
        super().__init__()
        self._session = session
        self.model = Chip("Model that compares the images")
        self.device = Chip("Where it is computed")
        self.cohort = Chip("Images to work on")
        self.model.set_entries(
            [
                ("Instant (no training needed)", lambda: session.set_model(INSTANT)),
                None,
                ("Model or run folder…", self._choose_model),
            ]
        )
        self.device.set_entries(
            [(words, partial(session.set_device, key)) for key, words in DEVICES.items()]
        )
        self.cohort.set_entries(
            [
                ("Open a folder…", self.folder_wanted.emit),
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
        """Show what the session uses."""
        session = self._session
        model, ready = session.model, session.ready
        self.model.set_words("Instant" if model == INSTANT else Path(model).name)
        self.model.setToolTip(f"Model that compares the images: {model}")
        self.device.set_words(ready.device if ready is not None else DEVICES[session.device])
        if session.sources:
            self.cohort.set_words(f"{session.name} · {len(session.sources)}")
            kept = "" if session.kept_in is None else f"\nClicks are kept in {session.kept_in}"
            self.cohort.setToolTip(f"Images to work on: {session.folder}{kept}")
        else:
            self.cohort.set_words("No images")
            self.cohort.setToolTip("Images to work on")

    def _choose_model(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Choose a model folder or a run folder")
        if chosen:
            self._session.set_model(Path(chosen))
