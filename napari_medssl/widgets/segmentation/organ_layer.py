"""The Labels layer of one organ: napari paints in it, and we hear what was painted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from napari.layers import Labels
from napari.utils import DirectLabelColormap
from numpy.typing import NDArray
from qtpy.QtCore import QObject, Signal

from medssl.io.image import Axes, Image
from napari_medssl.layers import Display, image_to_layer
from napari_medssl.widgets.layer_attributes import set_changed

if TYPE_CHECKING:
    from medssl.geometry import Grid

_STEPS = 100
"""As many as napari's own undo holds."""
_BRUSH = 10
_BRUSHES = 20
"""Brushes that lie side by side along a small image."""
UNMARKED = -1
_ERASED = 255
"""What erasing leaves until the stroke ends: beside the organ there was nothing to erase, and it is
told to the teacher all the same."""


class _Step(NamedTuple):
    """One entry of napari's history: the marks before and after; of the teacher's both alike."""

    before: NDArray[np.int8] | None
    after: NDArray[np.int8] | None


class OrganLayer(QObject):
    """Shows the mask of an organ; strokes of the person are told apart from all else.

    Parameters
    ----------
    grid
        Of the image.
    name, colour
        Of the organ.

    Signals
    -------
    painted, taken_back
        After a stroke; after napari's undo or redo. With the mask, and all that a person has
        painted in this image (1, 0, -1 where nothing), on the image's own grid.
    """

    painted = Signal(object, object)
    taken_back = Signal(object, object)

    def __init__(self, grid: Grid, name: str, colour: str, parent: QObject) -> None:
        super().__init__(parent)
        self.display = Display.of(grid)
        axes: Axes = "yx" if grid.ndim == 2 else "zyx"
        empty = Image(np.zeros(grid.shape, np.uint8), grid, axes, name=name)
        data, attributes, _ = image_to_layer(empty)
        for key in ("contrast_limits", "colormap"):
            attributes.pop(key)
        self.layer = Labels(np.array(data), opacity=0.5, **attributes)
        self.layer.brush_size = max(2, min(_BRUSH, round(max(grid.shape[-2:]) / _BRUSHES)))
        self.set_colour(colour)
        self._marks = np.full(grid.shape, UNMARKED, np.int8)
        self._seen = np.array(self.layer.data)
        self._done: deque[_Step] = deque(maxlen=_STEPS)
        self._undone: deque[_Step] = deque(maxlen=_STEPS)
        self._ours = self._parked = False
        self.layer.paint = self._erasing(self.layer.paint)
        self.layer.events.paint.connect(self._on_paint)
        # napari's undo tells nobody
        for name_, there in (("undo", self._on_undo), ("redo", self._on_redo)):
            setattr(self.layer, name_, _followed(getattr(self.layer, name_), there))

    def set_colour(self, colour: str) -> None:
        """Show the organ in a colour."""
        self.layer.colormap = DirectLabelColormap(
            color_dict={0: "transparent", 1: colour, None: "transparent"}
        )

    def rename(self, name: str) -> None:
        """Give the layer the organ's name."""
        if self.layer.name != name:
            self.layer.name = name

    def fits(self, grid: Grid) -> bool:
        """Whether the layer can take a mask of this grid as it is."""
        return grid.shape == self.display.source.shape

    def park(self) -> None:
        """Hide it until the mask of another image is there."""
        if self.layer.visible:
            self._parked, self.layer.visible = True, False

    def show(self, mask: NDArray[np.bool_] | None, grid: Grid) -> None:
        """Show a mask, or none, of an image that is come to anew; its history begins here."""
        self.display = Display.of(grid)
        set_changed(self.layer, self.display.attributes())
        self._marks = np.full(grid.shape, UNMARKED, np.int8)
        self._done.clear()
        self._undone.clear()
        data = self._shown(mask)
        mode = self.layer.mode
        with self._quietly():
            self.layer.data[...] = data
            self.layer.editable = False  # napari forgets its history
            self.layer.editable = True
            self.layer.mode = mode
            self.layer.refresh()
        self._seen = data
        if self._parked and mask is not None:
            self._parked, self.layer.visible = False, True

    def learn(self, mask: NDArray[np.bool_]) -> None:
        """Show what a stroke has taught, as one step of napari's history."""
        data = self._shown(mask)
        changed = np.nonzero(data != self.layer.data)
        if not len(changed[0]):
            return
        with self._quietly():
            self.layer.data_setitem(changed, data[changed])
        self._seen = np.array(self.layer.data)

    def _shown(self, mask: NDArray[np.bool_] | None) -> NDArray[np.uint8]:
        if mask is None:
            return np.zeros(self.display.shape, np.uint8)
        return np.ascontiguousarray(self.display.show(mask), np.uint8)

    def _mask(self) -> NDArray[np.bool_]:
        return np.asarray(self.display.unshow(self.layer.data) > 0)

    def _on_paint(self, _: Any) -> None:
        self._undone.clear()
        if self._ours:
            self._done.append(_Step(None, None))
            return
        data = np.asarray(self.layer.data)
        erased = self._settle()
        changed = self.display.unshow(erased | (data != self._seen))
        before = self._marks
        self._marks = np.where(changed, self.display.unshow(data).astype(np.int8), before)
        self._done.append(_Step(before, self._marks))
        self._seen = data.copy()
        self.painted.emit(self._mask(), self._marks)

    def _settle(self) -> NDArray[np.bool_]:
        """Leave the organ and nothing else in the layer; return where something was erased."""
        data = np.asarray(self.layer.data)
        erased: NDArray[np.bool_] = data == _ERASED
        if (data > 1).any():
            data[data > 1] = 1  # another label of the brush is the organ too
            data[erased] = 0
            self.layer.refresh()
        return erased

    def _erasing(self, paint: Callable[..., None]) -> Callable[..., None]:
        """Let the brush leave a trace where it erases."""

        def painted(coord: Any, new_label: int, refresh: bool = True) -> None:
            traced = new_label == 0 and not self.layer.preserve_labels
            paint(coord, _ERASED if traced else new_label, refresh)

        return painted

    def _on_undo(self) -> None:
        if self._done:
            step = self._done.pop()
            self._undone.append(step)
            self._follow(step.before)

    def _on_redo(self) -> None:
        if self._undone:
            step = self._undone.pop()
            self._done.append(step)
            self._follow(step.after)

    def _follow(self, marks: NDArray[np.int8] | None) -> None:
        if marks is not None:
            self._marks = marks
        self._settle()
        self._seen = np.array(self.layer.data)
        self.taken_back.emit(self._mask(), self._marks)

    @contextmanager
    def _quietly(self) -> Generator[None, None, None]:
        before, self._ours = self._ours, True
        try:
            yield
        finally:
            self._ours = before


def _followed(act: Callable[[], None], after: Callable[[], None]) -> Callable[[], None]:
    def both() -> None:
        act()
        after()

    return both
