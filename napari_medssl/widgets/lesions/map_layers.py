"""The layers of a lesion map: the map itself, its regions, and a box around each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels, Shapes
from napari.utils import Colormap

from napari_medssl.layers import KEY, OVERLAY, Display
from napari_medssl.lesions.words import NOTICE
from napari_medssl.widgets.layer_attributes import set_changed

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer
    from numpy.typing import NDArray

    from medssl.lesions import Region
    from napari_medssl.lesions.mapping import CaseMap

_EDGE = "#ffffff"


class MapLayers:
    """Shows one map at a time, above the image.

    A layer that a person changed is let go: it stays as it is, under its own name, and a new one
    is made when it is needed.

    Parameters
    ----------
    viewer
        Where they are shown.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self.map: Image | None = None
        self.regions: Labels | None = None
        self.boxes: Shapes | None = None
        self._made: dict[str, Any] = {}
        self.opacity = 0.7
        self.display: Display | None = None

    def owns(self, layer: object) -> bool:
        """Whether a layer is one of ours."""
        return layer is not None and layer in (self.map, self.regions, self.boxes)

    def hide_others(self) -> None:
        """Leave the other layers as they are: a map lies over the image."""

    def show_map(self, found: CaseMap, name: str, cut: float) -> None:
        """Show a map; what is below `cut` is not drawn."""
        self._release_changed()
        display = self.display = Display.of(found.grid)
        data = np.asarray(display.show(found.values))
        self._keep_kind(display)
        named = f"{name} · lesion map"
        if self.map is None:
            self.map = Image(
                data, name=named, colormap=lesion_colormap(), blending="translucent_no_depth",
                interpolation2d="linear", contrast_limits=(0.0, 1.0), opacity=self.opacity,
                **display.attributes(),
            )  # fmt: skip
            self._insert(self.map)
        else:
            self.map.data = data
            set_changed(self.map, display.attributes() | {"name": named})
        self._made["map"] = data
        self.map.metadata = {KEY: _known(found, name), OVERLAY: NOTICE}
        self.map.visible = True
        self.set_cut(cut)
        self._raise(self.map)

    def set_cut(self, cut: float) -> None:
        """Draw the map from this value on."""
        if self.map is not None:
            self.map.contrast_limits = (min(cut, 0.999), 1.0)

    def set_opacity(self, opacity: float) -> None:
        """Let more or less of the image through."""
        self.opacity = opacity
        if self.map is not None:
            self.map.opacity = opacity

    def show_regions(self, labels: NDArray[Any], regions: Sequence[Region], name: str) -> None:
        """Show regions as a label map, and a box around each."""
        self._release_changed()
        display = self.display
        if display is None:
            return
        data = np.ascontiguousarray(display.show(labels))
        attributes = display.attributes()
        if self.regions is None:
            self.regions = Labels(data, name=f"{name} · regions", opacity=0.9, **attributes)
            self.regions.contour = 2
            self._insert(self.regions)
        else:
            self.regions.data = data
            set_changed(self.regions, attributes | {"name": f"{name} · regions"})
        self._made["regions"] = data.copy()
        self._show_boxes(regions, display, name)

    def _show_boxes(self, regions: Sequence[Region], display: Display, name: str) -> None:
        corners = [box_corners(region, display) for region in regions]
        attributes = display.attributes()
        if self.boxes is None:
            self.boxes = Shapes(
                corners or None, ndim=display.source.ndim, shape_type="rectangle",
                edge_color=_EDGE, face_color="transparent", edge_width=_edge_width(display),
                name=f"{name} · boxes", **attributes,
            )  # fmt: skip
            self._insert(self.boxes)
        else:
            self.boxes.selected_data = set()
            self.boxes.data = []
            set_changed(self.boxes, attributes | {"name": f"{name} · boxes"})
            if corners:
                self.boxes.add_rectangles(
                    corners, edge_width=_edge_width(display), edge_color=_EDGE,
                    face_color="transparent",
                )  # fmt: skip
        self._made["boxes"] = [np.array(one) for one in self.boxes.data]

    def go_to(self, region: Region) -> None:
        """Bring a region into view: its slice, and the camera."""
        display = self.display
        if display is None:
            return
        shown = display.to_shown(region.peak_vox)
        world = [t + s * v for t, s, v in zip(display.translate, display.scale, shown, strict=True)]
        if display.source.ndim == 3:
            self._viewer.dims.set_point(range(3), world)
        self._viewer.scene.camera.center = tuple(world)

    def go_to_slice(self, source_slice: int, axis: int) -> None:
        """Go to a slice of the image."""
        display = self.display
        if display is None:
            return
        point = np.array(display.source.shape) / 2
        point[axis] = source_slice
        at = display.order.index(axis)
        shown = display.to_shown(point)
        self._viewer.dims.set_point(at, display.translate[at] + display.scale[at] * shown[at])

    def clear(self) -> None:
        """Hide everything of ours, and let go of what a person changed."""
        self._release_changed()
        for layer in (self.map, self.regions, self.boxes):
            if layer is not None:
                layer.visible = False

    def show_all(self) -> None:
        """Show what was hidden."""
        for layer in (self.regions, self.boxes):
            if layer is not None:
                layer.visible = True

    def close(self) -> None:
        """Take our layers out of the viewer; those that a person changed stay."""
        self._release_changed()
        for layer in (self.boxes, self.regions, self.map):
            if layer is not None and layer in self._viewer.layers:
                layer.visible = False  # software OpenGL must not paint what is taken away
                self._viewer.layers.remove(layer)
        self.map = self.regions = self.boxes = None

    def _release_changed(self) -> None:
        """Let go of layers that a person changed or took away."""
        for kind in ("map", "regions", "boxes"):
            layer = getattr(self, kind)
            if layer is not None and (layer not in self._viewer.layers or self._changed(kind)):
                if layer in self._viewer.layers:
                    layer.name = f"{layer.name} (yours)"
                setattr(self, kind, None)
                self._made.pop(kind, None)

    def _changed(self, kind: str) -> bool:
        layer: Any = getattr(self, kind)
        made: Any = self._made.get(kind)
        if kind == "map":
            return layer.data is not made
        if kind == "regions":
            return not np.array_equal(layer.data, made)
        return len(layer.data) != len(made) or any(
            not np.allclose(one, other) for one, other in zip(layer.data, made, strict=True)
        )

    def _keep_kind(self, display: Display) -> None:
        """Begin anew where a picture follows a volume, or the other way round."""
        if self.map is not None and self.map.ndim != display.source.ndim:
            self.close()

    def _insert(self, layer: Layer) -> None:
        layers = self._viewer.layers
        active = layers.selection.active
        layers.append(layer)
        if active is not None:
            layers.selection.active = active

    def _raise(self, layer: Layer) -> None:
        """Bring the map above all images, where another dock has put a new one on top."""
        layers = self._viewer.layers
        above = [i for i, one in enumerate(layers) if isinstance(one, Image) and one is not layer]
        if above and layers.index(layer) < max(above):
            for one in (layer, self.regions, self.boxes):
                if one is not None:
                    layers.move(layers.index(one), len(layers))


def box_corners(region: Region, display: Display) -> NDArray[np.float64]:
    """Corners of a region's box in the shown array; of a volume in the slice of its peak."""
    low = display.to_shown([first for first, _ in region.box])
    high = display.to_shown([last for _, last in region.box])
    top, bottom = np.minimum(low, high) - 0.5, np.maximum(low, high) + 0.5
    (y0, x0), (y1, x1) = top[-2:], bottom[-2:]
    corners = np.array([(y0, x0), (y0, x1), (y1, x1), (y1, x0)])
    if display.source.ndim == 2:
        return corners
    depth = float(display.to_shown(region.peak_vox)[0])
    return np.column_stack([np.full(4, depth), corners])


def _edge_width(display: Display) -> float:
    """Thin beside the image, whatever its size."""
    return max(0.4, max(display.shape[-2:]) / 250)


def _known(found: CaseMap, name: str) -> dict[str, Any]:
    """Give the true geometry, by which the layer is saved."""
    return {
        "grid": found.grid.to_dict(), "axes": "zyx"[-found.grid.ndim :], "name": name,
        "path": None, "files": [], "modality": "", "inverted": False, "window": None,
        "warnings": [NOTICE], "header": {},
    }  # fmt: skip


def lesion_colormap() -> Colormap:
    """Nothing below the cut, then violet to yellow: told apart by lightness too."""
    from napari.utils.colormaps import ensure_colormap

    shares = np.linspace(0, 1, 32)
    plain = ensure_colormap("plasma").map(0.15 + 0.85 * shares)
    plain[:, 3] = 0.35 + 0.65 * shares
    controls = np.concatenate([[0.0], np.linspace(0.004, 1, 32)])
    first = plain[:1].copy()
    first[:, 3] = 0
    return Colormap(np.concatenate([first, plain]), controls=controls, name="lesion map")
