"""Axial, coronal and sagittal planes through what a viewer shows, as pictures.

Everything is cut in napari's world, in which the layers of a viewer agree: a mask or a map on
another grid than the image lies where it belongs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from napari.layers import Image, Layer, Points

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Plane:
    """One of the three planes.

    Parameters
    ----------
    name
        What it is called.
    normal, rows, columns
        Axes, counted from the last one (x is −1): across the plane, down and along the screen.
    upwards
        Whether the row axis grows to the top of the screen.
    """

    name: str
    normal: int
    rows: int
    columns: int
    upwards: bool


#: As a radiologist sees them: the patient's right on the left, the head or the chest on top.
PLANES = (
    Plane("Axial", -3, -2, -1, False),
    Plane("Coronal", -2, -3, -1, True),
    Plane("Sagittal", -1, -3, -2, True),
)


@dataclass(frozen=True)
class Layout:
    """Where the voxels of a layer lie in the world, axis by axis: ``translate + scale · index``."""

    shape: tuple[int, ...]
    scale: tuple[float, ...]
    translate: tuple[float, ...]

    def index(self, axis: int, world: float) -> int:
        """Nearest voxel of a place along an axis; may be outside."""
        return round((world - self.translate[axis]) / self.scale[axis])

    def places(self, axis: int) -> Floats:
        """World places of all voxels along an axis."""
        return np.asarray(
            self.translate[axis] + self.scale[axis] * np.arange(self.shape[axis]), float
        )

    def edges(self, axis: int) -> tuple[float, float]:
        """Least and greatest world place along an axis, the halves of the outer voxels included."""
        first = self.translate[axis] - self.scale[axis] / 2
        last = first + self.scale[axis] * self.shape[axis]
        return min(first, last), max(first, last)


def layout_of(layer: Layer) -> Layout | None:
    """Find the layout of a layer; None for one that is turned or sheared in the world."""
    zero = np.asarray(layer.data_to_world(np.zeros(layer.ndim)), float)
    columns = [np.asarray(layer.data_to_world(unit), float) - zero for unit in np.eye(layer.ndim)]
    matrix = np.stack(columns, axis=1)
    scale = np.diag(matrix)
    if np.abs(matrix - np.diag(scale)).max() > 1e-4 * np.abs(scale).min():
        return None
    shape = tuple(int(n) for n in _data(layer).shape[: layer.ndim])
    return Layout(shape, tuple(scale.tolist()), tuple(zero.tolist()))


def render(layers: Sequence[Layer], base: Image, plane: Plane, world: Floats) -> Bytes | None:
    """Draw a plane of an image with the masks and maps that lie above it.

    Parameters
    ----------
    layers
        All layers of the viewer, the lowest first.
    base
        The image; its voxels are the pixels of the picture.
    plane
        Which plane.
    world
        The point that the plane goes through, in the axes of the viewer.

    Returns
    -------
    ndarray or None
        ``(rows, columns, 3)``, the first row on top of the screen; None where the point is beside
        the image or the image is turned against the world.
    """
    layout = layout_of(base)
    if layout is None or base.ndim < 3:
        return None
    rows, columns = layout.places(plane.rows), layout.places(plane.columns)
    cut = _cut(base, layout, plane, world, None)
    if cut is None:
        return None
    picture = _colours(base, cut)
    above = list(layers)[list(layers).index(base) + 1 :] if base in layers else []
    for layer in above:
        veil = _veil(layer, plane, world, (rows, columns))
        if veil is not None:
            picture = _laid_on(picture, *veil)
    turned = plane.upwards == (layout.scale[plane.rows] > 0)
    picture = picture[::-1] if turned else picture
    picture = picture[:, ::-1] if layout.scale[plane.columns] < 0 else picture
    return np.ascontiguousarray(picture)


def points_near(
    layer: Points, plane: Plane, world: Floats, thickness: float
) -> list[tuple[int, float, float]]:
    """Find the points of a layer that lie within half a slice of a plane.

    Returns
    -------
    list
        Index of the point in its layer, and its world place along the rows' and columns' axes.
    """
    if layer.ndim < 3 or not len(layer.data):
        return []
    found = []
    for index, point in enumerate(layer.data):
        at = np.asarray(layer.data_to_world(point), float)
        lead = at[: layer.ndim - 3]
        here = world[-layer.ndim : -3] if layer.ndim > 3 else world[:0]
        same_frame = bool(np.abs(lead - here).max() < 0.5) if lead.size else True
        if same_frame and abs(at[plane.normal] - world[plane.normal]) <= thickness / 2 + 1e-6:
            found.append((index, float(at[plane.rows]), float(at[plane.columns])))
    return found


def _data(layer: Layer) -> Any:
    return layer.data[0] if getattr(layer, "multiscale", False) else layer.data


def _cut(
    layer: Layer,
    layout: Layout,
    plane: Plane,
    world: Floats,
    wanted: tuple[Floats, Floats] | None,
) -> Any:
    """Take the nearest slice of a layer, its rows and columns as they are or at `wanted` places."""
    index: list[Any] = [layout.index(i, world[i - layer.ndim]) for i in range(layer.ndim - 3)]
    index += [slice(None)] * 3
    index[plane.normal] = layout.index(plane.normal, world[plane.normal])
    for at, size in zip(index, layout.shape, strict=True):
        if not isinstance(at, slice) and not 0 <= at < size:
            return None
    cut = np.asarray(_data(layer)[tuple(index)])
    if wanted is None:
        return cut
    picked = []
    for axis, places in zip((plane.rows, plane.columns), wanted, strict=True):
        at = np.rint((places - layout.translate[axis]) / layout.scale[axis]).astype(int)
        inside = (at >= 0) & (at < layout.shape[axis])
        picked.append((np.clip(at, 0, layout.shape[axis] - 1), inside))
    (row, row_inside), (column, column_inside) = picked
    return cut[np.ix_(row, column)], np.logical_and.outer(row_inside, column_inside)


def _colours(layer: Image, cut: NDArray[Any]) -> Bytes:
    if layer.rgb:
        scaled = cut if cut.dtype == np.uint8 else np.clip(cut, 0, 1) * 255
        return np.asarray(scaled[..., :3], np.uint8)
    colours = np.ascontiguousarray(_table(layer)[:, :3])
    return np.asarray(np.take(colours, _levels(layer, cut), axis=0))


def _levels(layer: Image, cut: NDArray[Any]) -> Bytes:
    """Bring values into the layer's window, 0 to 255."""
    low, high = layer.contrast_limits
    levels = cut.astype(np.float32)
    levels -= np.float32(low)
    levels *= np.float32(255.0 / max(high - low, 1e-12))
    if cut.dtype.kind == "f":
        np.nan_to_num(levels, copy=False)
    np.clip(levels, 0, 255, out=levels)
    if layer.gamma != 1:
        levels = 255 * (levels / 255) ** layer.gamma
    return np.asarray(levels, np.uint8)


def _table(layer: Image) -> Bytes:
    colours = layer.colormap.map(np.linspace(0, 1, 256))
    return np.asarray(np.rint(np.asarray(colours) * 255), np.uint8)


def _veil(
    layer: Layer, plane: Plane, world: Floats, wanted: tuple[Floats, Floats]
) -> tuple[NDArray[np.float32], bool] | None:
    """Colours with opacity of a mask or map in a plane, and whether they add to what is below."""
    from napari.layers import Image, Labels

    if not layer.visible or layer.ndim < 3 or not isinstance(layer, Image | Labels):
        return None
    layout = layout_of(layer)
    if layout is None or (isinstance(layer, Image) and layer.rgb):
        return None
    found = _cut(layer, layout, plane, world, wanted)
    if found is None:
        return None
    cut, inside = found
    if isinstance(layer, Labels):
        colours = _label_colours(layer, cut)
    else:
        colours = (_table(layer)[_levels(layer, cut)] / 255).astype(np.float32)
    colours[..., 3] *= layer.opacity * inside
    return colours, str(layer.blending) == "additive"


def _label_colours(layer: Any, cut: NDArray[Any]) -> NDArray[np.float32]:
    values, places = np.unique(cut, return_inverse=True)
    table = np.zeros((len(values), 4), np.float32)
    for row, value in enumerate(values):
        colour = layer.get_color(int(value)) if value else None
        if colour is not None:
            table[row] = colour
    return np.asarray(table[places.reshape(cut.shape)])


def _laid_on(picture: Bytes, colours: NDArray[np.float32], adds: bool) -> Bytes:
    share = colours[..., 3:]
    if not share.any():
        return picture
    below = picture if adds else picture * (1 - share)
    return np.asarray(np.clip(below + 255 * share * colours[..., :3], 0, 255), np.uint8)
