"""Setting the window of a layer: from a preset, from numbers, with the mouse."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Image

_PIXELS = 250.0  # of dragging that double a window, or move it by its width
_LEAST_SHARE = 1e-4  # of the range of values: the narrowest window
MODIFIER = "Control"


def window_of(layer: Image) -> tuple[float, float]:
    """Width and level of a layer."""
    low, high = (float(v) for v in layer.contrast_limits)
    return high - low, (low + high) / 2


def set_window(layer: Image, width: float, level: float) -> None:
    """Show a layer with a window, whatever its values reach to."""
    range_low, range_high = layer.contrast_limits_range
    width = max(width, _LEAST_SHARE * max(range_high - range_low, 1e-9))
    low, high = level - width / 2, level + width / 2
    if low < range_low or high > range_high:
        layer.contrast_limits_range = (min(low, range_low), max(high, range_high))
    layer.contrast_limits = (low, high)


def dragged(
    width: float, level: float, right_px: float, up_px: float, span: float
) -> tuple[float, float]:
    """Width and level after a drag: to the right wider, upwards a higher level (darker).

    The step goes with the width, so that narrow windows are moved finely; `span` is the range of
    the values, a hundredth of which is the least that a step is reckoned from.
    """
    pace = max(width, span / 100) / _PIXELS
    return max(width + right_px * pace, _LEAST_SHARE * span), level + up_px * pace


class WindowDrag:
    """Changes the window while the mouse is dragged over the canvas with Ctrl held.

    napari's own use of the mouse stays as it is: without Ctrl nothing is done, nor while the
    selected layer is being painted, edited or selected in.

    Parameters
    ----------
    viewer
        Whose canvas is dragged on.
    layer
        Gives the layer to change, None for nothing.
    """

    def __init__(self, viewer: Viewer, layer: Callable[[], Image | None]) -> None:
        self._viewer, self._layer = viewer, layer
        viewer.mouse_drag_callbacks.append(self._drag)

    def close(self) -> None:
        """Leave the mouse alone."""
        if self._drag in self._viewer.mouse_drag_callbacks:
            self._viewer.mouse_drag_callbacks.remove(self._drag)

    def _drag(self, _: Viewer, event: Any) -> Generator[None, None, None]:
        layer = self._layer()
        if layer is None or layer.rgb or not self._is_ours(event):
            return
        start = np.asarray(event.pos, float)
        width, level = window_of(layer)
        low, high = layer.contrast_limits_range
        event.handled = True
        yield
        while event.type == "mouse_move":
            right, down = np.asarray(event.pos, float) - start
            set_window(layer, *dragged(width, level, float(right), -float(down), high - low))
            event.handled = True
            yield

    def _is_ours(self, event: Any) -> bool:
        active = self._viewer.layers.selection.active
        free = active is None or str(active.mode) == "pan_zoom"
        return event.button == 1 and tuple(event.modifiers) == (MODIFIER,) and free
