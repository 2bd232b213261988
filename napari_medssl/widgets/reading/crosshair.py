"""The one place that all views show: napari's own point in its dimensions."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, QTimer, Signal

from napari_medssl.reading.position import Position, position_in
from napari_medssl.widgets.read_target import ReadTarget

if TYPE_CHECKING:
    from napari import Viewer

MODIFIER = "Shift"


class Crosshair(QObject):
    """Moves with every slider and click, and moves them.

    With Shift held, a click or drag on the large view moves it too; napari's own use of the mouse
    stays as it is where the selected layer is being edited.

    Signals
    -------
    moved
        It is elsewhere; once for all moves of one moment.
    """

    moved = Signal()

    def __init__(self, viewer: Viewer, target: ReadTarget, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer, self._target = viewer, target
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.moved)
        viewer.dims.events.point.connect(self._later)
        viewer.mouse_drag_callbacks.append(self._drag)

    @property
    def world(self) -> NDArray[np.float64]:
        """Where it is, in the axes of the viewer."""
        return np.array(self._viewer.dims.point, float)

    @property
    def position(self) -> Position | None:
        """Where it is in the image that is read."""
        layer = self._target.layer
        if layer is None or layer.ndim > len(self._viewer.dims.point):
            return None
        return position_in(layer, self.world)

    def move(self, axes: Sequence[int], places: Sequence[float]) -> None:
        """Move it along some axes, counted from the last one."""
        ndim = self._viewer.dims.ndim
        self._viewer.dims.set_point([ndim + axis for axis in axes], list(places))

    def close(self) -> None:
        """Let go of the viewer."""
        self._soon.stop()
        self._viewer.dims.events.point.disconnect(self._later)
        if self._drag in self._viewer.mouse_drag_callbacks:
            self._viewer.mouse_drag_callbacks.remove(self._drag)

    def _later(self, _: object = None) -> None:
        self._soon.start()

    def _drag(self, viewer: Viewer, event: Any) -> Generator[None, None, None]:
        active = viewer.layers.selection.active
        free = active is None or str(active.mode) == "pan_zoom"
        shifted = event.button == 1 and tuple(event.modifiers) == (MODIFIER,)
        if not (free and shifted) or self._target.layer is None or viewer.dims.ndisplay != 2:
            return
        self._follow(event)
        yield
        while event.type == "mouse_move":
            self._follow(event)
            yield

    def _follow(self, event: Any) -> None:
        shown = list(self._viewer.dims.displayed)
        at = np.asarray(event.position, float)
        event.handled = True
        self._viewer.dims.set_point(shown, [float(at[axis]) for axis in shown])
