"""The layers that show the structures of an image, and the one under the mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels
from napari.utils import DirectLabelColormap

from napari_medssl.widgets.layer_attributes import set_changed

if TYPE_CHECKING:
    from napari import Viewer
    from numpy.typing import NDArray

    from medssl.geometry import Grid
    from napari_medssl.layers import Display

STRUCTURES_NAME = "structures"
HOVER_NAME = "structure under the mouse"
_RIM = 2


class StructureLayers:
    """Structures on the working grid, coloured by number; the hovered one has a white rim.

    Parameters
    ----------
    viewer
        Where they are shown.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self.layer: Labels | None = None
        self.rim: Labels | None = None
        self._map: NDArray[np.uint16] | None = None
        self._groups: NDArray[np.int64] | None = None
        self._hovered = -1
        self._picked: frozenset[int] = frozenset()
        self._under: int | None = None
        self._free = False

    def owns(self, layer: object) -> bool:
        """Whether a layer is one of these."""
        return layer is not None and layer in (self.layer, self.rim)

    def show(
        self,
        found: tuple[NDArray[np.uint16], Grid],
        groups: NDArray[np.int64],
        display: Display,
    ) -> None:
        """Show the structures of an image."""
        self._map, grid = found
        self._groups, self._hovered, self._under = groups, -1, None
        attributes = display.overlay(grid)
        labels = self._labels()
        if self.layer is not None and self.layer.ndim != labels.ndim:
            self.close()
        if self.layer is None or self.rim is None:
            self._add(labels, attributes)
        else:
            self.layer.data, self.rim.data = labels, np.zeros_like(labels)
            self.layer.visible = not self._free
            for layer in (self.layer, self.rim):
                set_changed(layer, attributes)

    def regroup(self, groups: NDArray[np.int64]) -> None:
        """Show coarser or finer structures."""
        self._groups = groups
        self._draw_anew()

    def leave_out(self, picked: frozenset[int]) -> None:
        """Let the image through where clusters belong to an organ, which has its own colour."""
        if picked != self._picked:
            self._picked = picked
            self._draw_anew()

    def _draw_anew(self) -> None:
        if self.layer is not None and self.rim is not None and self._map is not None:
            self._hovered = -1
            self.layer.data = self._labels()
            self.hover(self._under)

    def hide(self) -> None:
        """Hide them; their image is gone."""
        self._map = None
        for layer in (self.layer, self.rim):
            if layer is not None:
                layer.visible = False

    def show_through(self, visible: bool) -> None:
        """Show structures, or leave the image free to be painted on."""
        self._free = not visible
        if self.layer is not None and self.rim is not None and self._map is not None:
            self.layer.visible = visible
            self.rim.visible = False

    def close(self) -> None:
        """Take the layers out of the viewer."""
        for layer in (self.layer, self.rim):
            if layer is not None and layer in self._viewer.layers:
                self._viewer.layers.remove(layer)
        self.layer = self.rim = None

    def forget(self, layer: object) -> None:
        """Let go of a layer that a person took away; both come back with the next image."""
        if self.owns(layer):
            self.close()

    def cluster_at(self, position: tuple[float, ...]) -> int | None:
        """Give the cluster at a point of the world; None beside the image."""
        if self.layer is None or self._map is None or not self.layer.visible:
            return None
        place = np.rint(self.layer.world_to_data(position)).astype(int)
        if (place < 0).any() or (place >= self._map.shape).any():
            return None
        return int(self._map[tuple(place)])

    def hover(self, cluster: int | None) -> None:
        """Give the structure of a cluster a rim."""
        self._under = cluster
        if self.rim is None or self._map is None or self._groups is None:
            return
        group = -1 if cluster is None else int(self._groups[cluster])
        if group == self._hovered:
            return
        self._hovered = group
        inside = self._groups[self._map] == group
        self.rim.data = inside.astype(np.uint8)
        self.rim.visible = group >= 0

    def _labels(self) -> NDArray[np.uint8]:
        """Give the number of the structure of each voxel, from 1; 0 in an organ."""
        assert self._map is not None
        assert self._groups is not None
        numbers = self._groups + 1
        numbers[[one for one in self._picked if one < len(numbers)]] = 0
        return np.asarray(numbers.astype(np.min_scalar_type(int(numbers.max())))[self._map])

    def _add(self, labels: NDArray[np.uint8], attributes: dict[str, object]) -> None:
        active = self._viewer.layers.selection.active
        self.layer = Labels(labels, name=STRUCTURES_NAME, opacity=0.35, **attributes)
        self.rim = Labels(
            np.zeros(labels.shape, np.uint8),
            name=HOVER_NAME,
            opacity=1.0,
            colormap=DirectLabelColormap(
                color_dict={0: "transparent", 1: "white", None: "transparent"}
            ),
            **attributes,
        )
        self.rim.contour = _RIM
        self._viewer.layers.append(self.layer)
        self._viewer.layers.append(self.rim)
        for layer in (self.layer, self.rim):
            layer.mode = "pan_zoom"
        if active is not None:
            self._viewer.layers.selection.active = active
