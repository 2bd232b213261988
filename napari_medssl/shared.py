"""What the docks of one viewer share: the images that are open, the model that was chosen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, WeakSet

from psygnal import Signal

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer

    from napari_medssl.engine import Where
    from napari_medssl.open_layers import Owner


class Shared:
    """State that every dock of a viewer sees.

    Attributes
    ----------
    model
        Model folder that a person chose to use; None before any was. A dock that is opened later
        takes it over.
    images
        Images that are worked on in the viewer; None without.
    owners
        Docks' own layers.
    """

    model_changed = Signal(object)
    images_changed = Signal()

    def __init__(self) -> None:
        self.model: Path | None = None
        self.images: Where | None = None
        self.owners: WeakSet[Owner] = WeakSet()

    def use_model(self, model: Path) -> None:
        """Let every dock use a model."""
        self.model = model
        self.model_changed.emit(model)

    def show_images(self, where: Where | None) -> None:
        """Tell which images are worked on."""
        if where != self.images:
            self.images = where
            self.images_changed.emit()

    def owns(self, layer: Layer) -> bool:
        """Whether a layer is one that a dock made."""
        return any(owner.owns(layer) for owner in self.owners)


_SHARED: WeakKeyDictionary[Viewer, Shared] = WeakKeyDictionary()


def shared_state(viewer: Viewer) -> Shared:
    """Give what the docks of a viewer share."""
    if viewer not in _SHARED:
        _SHARED[viewer] = Shared()
    return _SHARED[viewer]
