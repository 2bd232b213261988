"""Which image of a viewer is read: its letters, windows, planes and header are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Image, Layer
from qtpy.QtCore import QObject, QTimer, Signal

from napari_medssl.layers import KEY, OVERLAY
from napari_medssl.shared import shared_state

if TYPE_CHECKING:
    from napari import Viewer


_AXES = 3


def read_target(viewer: Viewer) -> Image | None:
    """Find the image that is read: the selected one, else the uppermost; both visible.

    Images that our reader opened come before others; maps that a dock laid over an image do not
    count.
    """
    active = viewer.layers.selection.active
    owned = shared_state(viewer).owns
    images = [one for one in reversed(viewer.layers) if isinstance(one, Image) and one.visible]
    seen = [one for one in images if OVERLAY not in one.metadata]
    if active in seen and (KEY in active.metadata or not owned(active)):
        return active
    ours = [one for one in seen if KEY in one.metadata]
    return next(iter(ours or [one for one in seen if not owned(one)]), None)


def known_of(layer: Layer | None) -> dict[str, Any] | None:
    """Give what our reader kept in a layer."""
    known: dict[str, Any] | None = None if layer is None else layer.metadata.get(KEY)
    return known


class ReadTarget(QObject):
    """Follows which image is read.

    Signals
    -------
    changed
        Another image is read, or another picture was put into the same layer.
    """

    changed = Signal()

    def __init__(self, viewer: Viewer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._layer = read_target(viewer)
        self._heard: list[Layer] = []
        self._state = self._present()
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.look)
        self._sources = (
            viewer.layers.events.inserted,
            viewer.layers.events.removed,
            viewer.layers.events.reordered,
            viewer.layers.selection.events.active,
        )
        for source in self._sources:
            source.connect(self._later)
        self._listen()

    @property
    def layer(self) -> Image | None:
        """The image that is read; None without, or when it has just been taken away."""
        return self._layer if self._layer in self._viewer.layers else None

    @property
    def is_volume(self) -> bool:
        """Whether the image is a volume, with or without frames; not a picture or a film."""
        layer = self.layer
        if layer is None or layer.ndim < _AXES:
            return False
        known = known_of(layer)
        return known is None or len(known["grid"]["shape"]) == _AXES

    def look(self) -> None:
        """Look anew which image is read."""
        self._listen()
        self._layer = read_target(self._viewer)
        state = self._present()
        if state != self._state:
            self._state = state
            self.changed.emit()

    def close(self) -> None:
        """Let go of the viewer."""
        self._soon.stop()
        for source in self._sources:
            source.disconnect(self._later)
        for layer in self._heard:
            self._unhear(layer)
        self._heard = []

    def _present(self) -> tuple[object, ...]:
        layer = self.layer
        if layer is None:
            return ()
        return id(layer), id(layer.metadata.get(KEY)), layer.data.shape, layer.name

    def _later(self, _: object = None) -> None:
        self._soon.start()

    def _listen(self) -> None:
        present = [layer for layer in self._viewer.layers if isinstance(layer, Image)]
        for layer in present:
            if layer not in self._heard:
                for name in ("visible", "metadata", "data", "name"):
                    getattr(layer.events, name).connect(self._later)
        for layer in self._heard:
            if layer not in present:
                self._unhear(layer)
        self._heard = present

    def _unhear(self, layer: Layer) -> None:
        for name in ("visible", "metadata", "data", "name"):
            getattr(layer.events, name).disconnect(self._later)
