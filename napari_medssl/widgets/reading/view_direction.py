"""Which plane the large view shows, the right way up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.reading.directions import ends
from napari_medssl.reading.planes import PLANES, Plane
from napari_medssl.widgets.read_target import ReadTarget, known_of

if TYPE_CHECKING:
    from napari import Viewer

_AXES = 3


class ViewDirection:
    """Turns the large view to a plane, and keeps the patient's head on top.

    napari draws rows downwards, and z grows to the head: without turning the view over, a coronal
    or sagittal plane stands on its head.

    Parameters
    ----------
    viewer
        Whose large view it is.
    target
        Which image is read.
    """

    def __init__(self, viewer: Viewer, target: ReadTarget) -> None:
        self._viewer, self._target = viewer, target
        self._turned = False
        self._sources = (viewer.dims.events.order, viewer.dims.events.ndisplay)
        for source in self._sources:
            source.connect(self.refresh)
        target.changed.connect(self.refresh)
        self.refresh()

    @property
    def plane(self) -> Plane | None:
        """The plane that is shown, None for another view."""
        dims = self._viewer.dims
        if dims.ndim < _AXES or dims.ndisplay != 2:
            return None
        shown = tuple(axis - dims.ndim for axis in dims.displayed)
        return next((p for p in PLANES if (p.rows, p.columns) == shown), None)

    def show(self, plane: Plane) -> None:
        """Show a plane of the volume."""
        dims = self._viewer.dims
        if dims.ndim < _AXES:
            return
        lead = tuple(range(dims.ndim - _AXES))
        inner = (plane.normal, plane.rows, plane.columns)
        dims.ndisplay = 2
        dims.order = (*lead, *(dims.ndim + axis for axis in inner))
        self._viewer.reset_view()

    def refresh(self, _: object = None) -> None:
        """Turn the view over where that puts the head on top."""
        plane = self.plane
        known = known_of(self._target.layer)
        placed = known is not None and len(ends(known)) == _AXES
        wanted = placed and plane is not None and plane.upwards
        if wanted != self._turned:
            self._turned = wanted
            self._viewer.scene.camera.orientation2d = ("up" if wanted else "down", "right")

    def close(self) -> None:
        """Leave the view as napari has it."""
        for source in self._sources:
            source.disconnect(self.refresh)
        if self._turned:
            self._viewer.scene.camera.orientation2d = ("down", "right")
