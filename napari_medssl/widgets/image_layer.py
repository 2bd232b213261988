"""An image in place of another one in the same layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_medssl.widgets.layer_attributes import set_changed

if TYPE_CHECKING:
    from napari.layers import Image as ImageLayer
    from numpy.typing import NDArray


def replace_image(layer: ImageLayer, data: NDArray[Any], attributes: dict[str, Any]) -> None:
    """Show another image in a layer; making a new layer would hold the window for longer."""
    layer.data = data
    set_changed(layer, {k: attributes[k] for k in ("scale", "translate", "units", "name")})
    layer.metadata = attributes["metadata"]
    if "contrast_limits" in attributes:
        limits = attributes["contrast_limits"]
        layer.reset_contrast_limits_range()
        low, high = layer.contrast_limits_range
        layer.contrast_limits_range = (min(low, limits[0]), max(high, limits[1]))
        layer.contrast_limits = limits
        layer.colormap = attributes["colormap"]
