"""Getting images into a dock: a folder, the open layers, or a sample."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QFileDialog, QWidget

from medssl.errors import Cancelled
from napari_medssl import open_layers
from napari_medssl.engine import Where
from napari_medssl.sample_cohort import Kind, make_sample
from napari_medssl.session import Status

if TYPE_CHECKING:
    from napari import Viewer

    from medssl.progress import Progress
    from napari_medssl.worker import Runner


class TakesImages(Protocol):
    """State of a dock that works on images."""

    def open_images(self, where: Where) -> None:
        """Open a folder of images, or several files."""


class OwnLayers(open_layers.Owner, Protocol):
    """Layers that a dock shows."""

    def hide_others(self) -> None:
        """Make room for them where they need it."""


class Opener(QObject):
    """Asks for images, gets them in the background, and opens them in the session.

    Signals
    -------
    said
        A `Status` for the foot of the dock.
    """

    said = Signal(object)

    def __init__(
        self,
        viewer: Viewer,
        canvas: OwnLayers,
        session: TakesImages,
        work: Runner,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._canvas, self._parent = viewer, canvas, parent
        self._session, self._work = session, work

    def choose_folder(self) -> None:
        """Ask for a folder of images."""
        chosen = QFileDialog.getExistingDirectory(self._parent, "Open a folder of images")
        if chosen:
            self._session.open_images(Path(chosen))

    def use_layers(self) -> None:
        """Work on the image layers that are open in napari; those without a file are saved."""
        layers = open_layers.usable(self._viewer, self._canvas)
        if layers:
            self._take(lambda _: open_layers.to_files(layers), "Taking over the open layers")
        else:
            words = "There is no open image layer. Open a folder, or try the sample."
            self.said.emit(Status("error", words))

    def open_sample(self, kind: Kind) -> None:
        """Make a cohort of phantoms, or take the one made before, and open it."""
        self._take(lambda progress: make_sample(kind, progress), "Making phantoms")

    def _take(self, task: Callable[[Progress], Where], words: str) -> None:
        """Get images in the background and open them."""
        self.said.emit(Status("busy", words))

        def taken(where: Where) -> None:
            self._canvas.hide_others()
            self._session.open_images(where)

        def failed(error: BaseException) -> None:
            if isinstance(error, Cancelled):
                self.said.emit(Status("info", "Stopped."))
            else:
                self.said.emit(Status("error", str(error)))

        self._work.submit(task, taken, failed)
