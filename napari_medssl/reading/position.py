"""One place of an image in words: millimetres in the patient, voxel, grey value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_medssl.layers import KEY, Display
from napari_medssl.reading.directions import ends

if TYPE_CHECKING:
    from napari.layers import Image

    from medssl.geometry import Grid


@dataclass(frozen=True)
class Position:
    """Where something is.

    Parameters
    ----------
    place
        World position ``(x, y[, z])``; in the patient (LPS, mm) where `in_patient`.
    unit
        ``"mm"`` or ``"px"``.
    in_patient
        Whether the place is one in the patient; False for films and pictures.
    point_vox
        Voxel ``(z, y, x)`` or ``(y, x)`` of the file's own array.
    value
        Grey value there, several for colours; None outside of the image.
    """

    place: tuple[float, ...]
    unit: str
    in_patient: bool
    point_vox: tuple[float, ...]
    value: Any

    @property
    def place_words(self) -> str:
        """Say the place with one digit after the point."""
        numbers = ", ".join(f"{v + 0.0:.1f}".replace("-", "−") for v in self.place)
        return f"{numbers} {self.unit}"

    @property
    def voxel_words(self) -> str:
        """Say the voxel, x first, as files for people have it."""
        return ", ".join(str(round(v)).replace("-", "−") for v in self.point_vox[::-1])

    def value_words(self, unit: str = "") -> str:
        """Say the grey value with its unit."""
        if self.value is None:
            return "outside"
        values = np.atleast_1d(self.value)
        said = ", ".join(f"{float(v):.5g}".replace("-", "−") for v in values)
        return f"{said} {unit}".rstrip()


def position_in(layer: Image, world: ArrayLike) -> Position | None:
    """Describe a place of napari's world in a layer; None where the layer is not laid out plainly.

    Parameters
    ----------
    layer
        An image layer; if it is not one of ours its world is taken as it is.
    world
        A point with at least as many axes as the layer.
    """
    at = np.asarray(world, float)[-layer.ndim :]
    shown = np.asarray(layer.world_to_data(at), float)
    known = layer.metadata.get(KEY)
    value = _value(layer, shown)
    if known is None:
        units = {str(one) for one in layer.units}
        unit = "mm" if units == {"millimeter"} else "px"
        spatial = shown[-3:]
        return Position(tuple(at[-3:][::-1]), unit, False, tuple(spatial), value)
    from medssl.geometry import Grid

    grid = Grid.from_dict(known["grid"])
    point = Display.of(grid).to_source(shown[-grid.ndim :])
    place, in_patient = _place(grid, known, point)
    unit = "mm" if grid.unit == "mm" or in_patient else "px"
    return Position(place, unit, in_patient, tuple(point.tolist()), value)


def _place(
    grid: Grid, known: dict[str, Any], point_vox: NDArray[np.float64]
) -> tuple[tuple[float, ...], bool]:
    plane = known["header"].get("plane_lps")
    if grid.ndim == 2 and plane is not None:
        matrix = np.array(plane, float).reshape(3, 3)
        return tuple((matrix @ [*point_vox, 1.0]).tolist()), True
    in_patient = grid.ndim == 3 and bool(ends(known))
    return tuple(grid.voxel_to_world(point_vox).tolist()), in_patient


def _value(layer: Image, shown: NDArray[np.float64]) -> Any:
    index = np.rint(shown).astype(int)
    data = layer.data[0] if layer.multiscale else layer.data
    if (index < 0).any() or (index >= data.shape[: layer.ndim]).any():
        return None
    return np.asarray(data[tuple(int(i) for i in index)])
