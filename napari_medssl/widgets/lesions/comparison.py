"""Two maps of one image side by side: napari's grid, for as long as they are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image

from napari_medssl.layers import OVERLAY, Display
from napari_medssl.widgets.lesions.map_layers import MapLayers, lesion_colormap

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer

    from napari_medssl.lesions.mapping import CaseMap


class Comparison:
    """Shows image and map twice, and puts everything back as it was.

    Parameters
    ----------
    viewer
        Where they are shown.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self.map: Image | None = None
        self.image: Image | None = None
        self._before: dict[str, Any] | None = None
        self._hidden: list[Layer] = []
        self._order_before: list[Layer] = []
        self._base: Layer | None = None
        self._view: tuple[Any, float] | None = None

    def owns(self, layer: object) -> bool:
        """Whether a layer is one of ours."""
        return layer is not None and layer in (self.map, self.image)

    def show(self, ours: MapLayers, found: CaseMap, name: str, cut: float) -> None:
        """Show another map beside the one that is there."""
        self.end()
        base = self._image_below(ours)
        if base is None or ours.map is None:
            return
        layers, grid = self._viewer.layers, self._viewer.canvas.grid
        self._before = {"enabled": grid.enabled, "stride": grid.stride, "shape": grid.shape}
        self._hidden = [
            one for one in layers if one.visible and one is not base and one is not ours.map
        ]
        self._base, self._order_before = base, list(layers)
        for layer in self._hidden:
            layer.visible = False
        display = Display.of(found.grid)
        active = layers.selection.active
        self.image = Image(base.data, name=f"{name} · the same image", rgb=base.rgb)
        for attribute in ("scale", "translate", "units", "axis_labels"):
            setattr(self.image, attribute, getattr(base, attribute))
        if not base.rgb:
            self.image.colormap, self.image.contrast_limits = base.colormap, base.contrast_limits
        self.map = Image(
            np.asarray(display.show(found.values)), name=f"{name} · {found.method}",
            colormap=lesion_colormap(), blending="translucent_no_depth",
            interpolation2d="linear", contrast_limits=(min(cut, 0.999), 1.0),
            opacity=ours.opacity, **display.attributes(),
        )  # fmt: skip
        for layer in (self.map, self.image):
            layer.metadata = {OVERLAY: name}
            layers.append(layer)
        self._order(base, ours.map)
        layers.selection.active = active
        grid.stride, grid.shape, grid.enabled = 2, (1, 2), True
        camera = self._viewer.scene.camera
        self._view = camera.center, camera.zoom
        self._viewer.reset_view()
        camera.center = self._view[0]

    def set_cut(self, cut: float) -> None:
        """Draw the map from this value on."""
        if self.map is not None:
            self.map.contrast_limits = (min(cut, 0.999), 1.0)

    def set_opacity(self, opacity: float) -> None:
        """Let more or less of the image through."""
        if self.map is not None:
            self.map.opacity = opacity

    def end(self) -> None:
        """Take our layers away, and put the view back."""
        if self._before is None:
            return
        grid, layers = self._viewer.canvas.grid, self._viewer.layers
        grid.enabled = self._before["enabled"]
        grid.stride, grid.shape = self._before["stride"], self._before["shape"]
        for layer in (self.map, self.image):
            if layer is not None and layer in layers:
                layers.remove(layer)
        for layer in self._hidden:
            if layer in layers:
                layer.visible = True
        if self._view is not None:
            self._viewer.scene.camera.center, self._viewer.scene.camera.zoom = self._view
        for place, layer in enumerate(one for one in self._order_before if one in layers):
            if layers.index(layer) != place:
                layers.move(layers.index(layer), place)
        self.map = self.image = self._before = self._base = self._view = None
        self._hidden, self._order_before = [], []

    def _image_below(self, ours: MapLayers) -> Image | None:
        """Give the image that the map lies over: the topmost visible one that is no map."""
        for layer in reversed(self._viewer.layers):
            if isinstance(layer, Image) and layer.visible and not ours.owns(layer):
                return layer
        return None

    def _order(self, base: Layer, first: Layer) -> None:
        """Put each pair into one place of the grid: two layers that follow each other."""
        layers = self._viewer.layers
        rest = [one for one in layers if one not in (base, first, self.map, self.image)]
        odd = len(rest) % 2
        wanted = [*rest[: len(rest) - odd], self.image, self.map, base, first, *rest[-odd:][:odd]]
        for place, layer in enumerate(wanted):
            at = layers.index(layer)
            if at != place:
                layers.move(at, place)
