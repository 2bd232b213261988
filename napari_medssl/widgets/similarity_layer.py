"""The layer that shows where an image looks like the landmark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image as ImageLayer
from napari.utils import Colormap
from napari.utils.colormaps import ensure_colormap

from napari_medssl.layers import Display
from napari_medssl.widgets.layer_attributes import set_changed

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer
    from numpy.typing import NDArray

    from medssl.geometry import Grid

EMPTY_NAME = "Similarity"


class SimilarityLayer:
    """The similarity map of one landmark in the current image, below the points.

    Adding a layer holds the window for longer than a click may: it is added, hidden, with the
    image, and a click then only fills it.

    Parameters
    ----------
    viewer
        Where it is shown.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self.layer: ImageLayer | None = None

    def add(self, display: Display, below: Layer | None) -> None:
        """Add the layer, hidden, over the image of `display`, unless it is there already.

        The active layer stays what it is.
        """
        if self.layer is not None:
            return
        layer = ImageLayer(
            np.zeros((2,) * display.source.ndim, np.float32),
            name=EMPTY_NAME,
            colormap=similarity_colormap(),
            blending="translucent_no_depth",
            interpolation2d="linear",
            contrast_limits=(0.0, 1.0),
            visible=False,
            **display.attributes(),
        )
        self.layer = layer
        self.park(display)
        layers = self._viewer.layers
        active = layers.selection.active
        layers.insert(len(layers) if below is None else layers.index(below), layer)
        layers.selection.active = active

    def show(
        self, landmark: str, values: NDArray[Any], grid: Grid, display: Display, below: Layer | None
    ) -> None:
        """Show a map on the `grid` of its cells over the image of `display`."""
        self.add(display, below)
        assert self.layer is not None
        low, high = float(np.quantile(values, 0.75)), float(values.max())
        limits = (low, high if high > low else low + 1e-6)
        name = f"{landmark} · similarity"
        self.layer.data = values
        set_changed(self.layer, display.overlay(grid) | {"name": name})
        self.layer.contrast_limits_range = limits
        self.layer.contrast_limits = limits
        self.layer.visible = True

    def hide(self) -> None:
        """Hide it; removing the layer would hold the window for half a second."""
        if self.layer is not None:
            self.layer.visible = False

    def park(self, display: Display) -> None:
        """Hide it and lay it over a new image, so that it does not widen the world."""
        self.hide()
        layer = self.layer
        if layer is not None and layer.ndim == display.source.ndim:
            spread = zip(display.scale, display.shape, layer.data.shape, strict=True)
            scale = [s * n / cells for s, n, cells in spread]
            set_changed(layer, {"scale": scale, "translate": display.translate})


def similarity_colormap() -> Colormap:
    """Inferno that lets the image through where it is unlike, for dark and bright places alike."""
    plain = ensure_colormap("inferno").map(np.linspace(0.25, 1, 32))
    plain[:, 3] = np.linspace(0, 1, 32) ** 1.2 * 0.7
    return Colormap(plain, name="similarity")
