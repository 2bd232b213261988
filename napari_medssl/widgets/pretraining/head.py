"""Head of the Pretraining dock: which run, which device, which images; a click changes them."""

from __future__ import annotations

from functools import partial

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QWidget

from napari_medssl.shared import Shared
from napari_medssl.training import Training
from napari_medssl.widgets.parts import Chip

_MOST_RUNS = 8
Entry = tuple[str, object]


class Head(QWidget):
    """Three chips that show and change the run, the device and the images.

    Signals
    -------
    run_wanted
        A person wants to look at a run that lies elsewhere.
    folder_wanted, layers_wanted
        A person wants to open a folder, or to use the open layers.
    sample_wanted
        Kind of the sample that a person wants: ``chest`` or ``volume``.
    """

    run_wanted = Signal()
    folder_wanted = Signal()
    layers_wanted = Signal()
    sample_wanted = Signal(str)

    def __init__(self, training: Training, shared: Shared) -> None:
        super().__init__()
        self._training, self._shared = training, shared
        self.run = Chip("What is learned: a new model, or a run to look at")
        self.device = Chip("Where it is computed")
        self.images = Chip("Images to learn from; they need no labels")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(5)
        for chip in (self.run, self.device, self.images):
            row.addWidget(chip)
        row.addStretch(1)

    def refresh(self) -> None:
        """Show what is chosen and what can be."""
        self._refresh_run()
        self._refresh_device()
        self._refresh_images()

    def _refresh_run(self) -> None:
        training = self._training
        shown = None if training.run is None else training.known.named(training.run)
        if training.run is None:
            self.run.set_words("New model")
        else:
            self.run.set_words("Run" if shown is None else shown.name)
        runs = [
            (f"{run.name} · {run.method}", partial(training.attach, run.path))
            for run in training.known.runs[:_MOST_RUNS]
        ]
        first = [("New model", training.leave), ("Open a run folder…", self.run_wanted.emit)]
        self.run.set_entries([*first, *([None] if runs else []), *runs])

    def _refresh_device(self) -> None:
        training = self._training
        words = {device.key: device.words for device in training.devices}
        self.device.set_words(words.get(training.choice.device, "Automatic"), 120)
        self.device.setEnabled(training.run is None)
        self.device.set_entries(
            [
                (
                    f"Automatic ({device.words})" if device.key == "auto" else device.words,
                    partial(training.choose, device=device.key),
                )
                for device in training.devices
            ]
        )

    def _refresh_images(self) -> None:
        training, shared = self._training, self._shared
        shown = None if training.run is None else training.known.named(training.run)
        if shown is not None:
            self.images.set_words(f"{shown.images} images" if shown.images else shown.name)
        elif training.images is not None:
            self.images.set_words(f"{training.images.name} · {training.images.count}")
        else:
            self.images.set_words("No images")
        where = shared.images
        landmarks = [("The images that are open here", partial(self._take_shared, where))]
        self.images.set_entries(
            [
                ("Open a folder…", self.folder_wanted.emit),
                ("Use the open layers", self.layers_wanted.emit),
                *(landmarks if where is not None else []),
                None,
                ("Sample: chest phantoms", lambda: self.sample_wanted.emit("chest")),
                ("Sample: volume phantoms", lambda: self.sample_wanted.emit("volume")),
            ]
        )

    def _take_shared(self, where: object) -> None:
        images = self._shared.images
        if images is not None and images == where:
            self._training.open_images(images)
