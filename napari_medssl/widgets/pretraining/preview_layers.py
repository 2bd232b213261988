"""Layers that show what a run learns: the image, its embedding, clusters, what is restored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.layers import KEY, Display, image_to_layer
from napari_medssl.training.preview import Preview, Restoration
from napari_medssl.widgets.layer_attributes import set_changed

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer

_WORDS = {"image": "preview"}
_PICTURES = ("image", "distorted", "restored", "original")
_GAP = 0.04
"""Between what lies side by side, as a share of the image's width."""
_TOUCHES = ("opacity", "blending", "colormap", "contrast_limits", "gamma", "name", "contour")


class PreviewLayers:
    """Up to six layers in one viewer, updated in place.

    The embedding and the clusters lie over the image. What is restored is shown to the right of
    it, beside what the net was given and what it should have made of it, at the image's scale.
    They never take the active layer or the camera from what a person does. A layer that a person
    deleted does not come back; one that a person changed stays when the others go.

    Parameters
    ----------
    viewer
        Where they are shown.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._layers: dict[str, Layer] = {}
        self._shown: Preview | None = None
        self._touched: set[str] = set()
        self._dismissed: set[str] = set()
        self._updating = False
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def layers(self) -> dict[str, Layer]:
        """The layers that are there, by ``image``, ``embedding``, ``clusters``, ``restored`` ..."""
        return dict(self._layers)

    def owns(self, layer: object) -> bool:
        """Whether a layer is one of ours."""
        return any(layer is own for own in self._layers.values())

    def hide_others(self) -> None:
        """Leave the person's layers as they are: ours lie above them."""

    def show(self, preview: Preview) -> None:
        """Show a preview; what did not change is not drawn anew."""
        if preview is self._shown:
            return
        display = Display.of(preview.grid)
        flat = display.attributes()
        cells = display.overlay(preview.cells_grid)
        alone = not self._viewer.layers
        with self._quietly():
            self._drop_all_but(_kinds(preview))
            if self._shown is None or not np.array_equal(self._shown.image, preview.image):
                known = {"metadata": {KEY: _metadata(preview)}}
                self._put("image", preview, display.show(preview.image), flat | known)
            self._put("embedding", preview, preview.embedding, cells)
            if preview.clusters is not None:
                self._put("clusters", preview, preview.clusters.astype(np.int32) + 1, cells)
            if preview.restoration is not None:
                places = _side_by_side(display, preview.restoration)
                for kind, array in preview.restoration.pictures.items():
                    self._put(kind, preview, array, places[kind])
        if alone and preview.restoration is not None:
            self._viewer.reset_view()
        self._shown = preview

    def remove(self) -> None:
        """Take the layers away, but for those that a person changed."""
        with self._quietly():
            self._drop_all_but(frozenset())
        self._shown = None
        self._touched.clear()
        self._dismissed.clear()

    def close(self) -> None:
        """Let go of the viewer."""
        self.remove()
        self._viewer.layers.events.removed.disconnect(self._on_removed)

    def _drop_all_but(self, kinds: frozenset[str]) -> None:
        """Take layers away that are shown no more; what a person changed is theirs."""
        for kind, layer in list(self._layers.items()):
            if kind in kinds:
                continue
            self._forget(kind)
            if kind not in self._touched and layer in self._viewer.layers:
                layer.visible = False
                self._viewer.layers.remove(layer)
            self._touched.discard(kind)

    def _put(self, kind: str, preview: Preview, data: Any, attributes: dict[str, Any]) -> None:
        layer = self._layers.get(kind)
        if layer is not None and layer.ndim != preview.grid.ndim:
            self._forget(kind)
            self._viewer.layers.remove(layer)
            layer = None
        name = f"{preview.case} · {_WORDS.get(kind, kind)}"
        if layer is not None:
            layer.data = data
            known = attributes if kind in self._touched else attributes | {"name": name}
            set_changed(layer, known)
        elif kind not in self._dismissed:
            self._insert(kind, _make(kind, data, {"name": name, **attributes}))

    def _insert(self, kind: str, layer: Layer) -> None:
        """Add a layer above those of ours, or on top, and leave the active one active."""
        layers = self._viewer.layers
        selection = layers.selection
        active, selected = selection.active, set(selection)
        own = [layers.index(one) for one in self._layers.values() if one in layers]
        layers.insert(max(own) + 1 if own else len(layers), layer)
        self._layers[kind] = layer
        selection.intersection_update(selected)
        if selection.active is not active:
            selection.active = active
        for name in _TOUCHES:
            if name in layer.events.emitters:
                getattr(layer.events, name).connect(self._on_touched)

    def _forget(self, kind: str) -> None:
        layer = self._layers.pop(kind)
        for name in _TOUCHES:
            if name in layer.events.emitters:
                getattr(layer.events, name).disconnect(self._on_touched)

    def _on_touched(self, event: Any) -> None:
        if self._updating:
            return
        for kind, layer in self._layers.items():
            if layer is event.source:
                self._touched.add(kind)

    def _on_removed(self, event: Any) -> None:
        if self._updating:
            return
        for kind, layer in list(self._layers.items()):
            if layer is event.value:
                self._forget(kind)
                self._dismissed.add(kind)

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        self._updating = True
        try:
            yield
        finally:
            self._updating = False


def _kinds(preview: Preview) -> frozenset[str]:
    kinds = {"image", "embedding"}
    if preview.clusters is not None:
        kinds.add("clusters")
    if preview.restoration is not None:
        kinds |= preview.restoration.pictures.keys()
    return frozenset(kinds)


def _side_by_side(display: Display, restoration: Restoration) -> dict[str, dict[str, Any]]:
    """Lay the pictures to the right of the image, each with its true size and height."""
    true = display.overlay(restoration.grid)
    image_width = display.shape[-1] * display.scale[-1]
    width = restoration.grid.shape[-1] * true["scale"][-1]
    left = display.translate[-1] - display.scale[-1] / 2 + image_width
    places = {}
    for kind in restoration.pictures:
        left += _GAP * image_width
        translate = (*true["translate"][:-1], left + true["scale"][-1] / 2)
        places[kind] = true | {"translate": translate}
        left += width
    return places


def _metadata(preview: Preview) -> dict[str, Any]:
    """Give what an image needs to be saved with its true geometry."""
    from medssl.io.image import Image

    axes: Any = "zyx"[-preview.grid.ndim :]
    image = Image(preview.image, preview.grid, axes, name=preview.case)
    known: dict[str, Any] = image_to_layer(image)[1]["metadata"][KEY]
    return known


def _make(kind: str, data: Any, attributes: dict[str, Any]) -> Layer:
    from napari.layers import Image, Labels

    if kind in _PICTURES:
        return Image(data, colormap="gray", contrast_limits=(0.0, 1.0), **attributes)
    if kind == "embedding":
        return Image(data, rgb=True, opacity=0.6, blending="translucent_no_depth", **attributes)
    layer = Labels(data, opacity=0.9, **attributes)
    layer.contour = 1
    return layer
