"""One slice of a volume: where it lies, and what was learned for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_medssl.layers import Display

if TYPE_CHECKING:
    from napari_medssl.segmenting.contract import TaughtSlice

_CERTAIN = 0.5


@dataclass(frozen=True)
class Slice:
    """A slice of a volume as it is looked at.

    Parameters
    ----------
    display
        How the volume is shown.
    axis, index
        Shown axis that the slice lies across, and the shown voxel along it.
    """

    display: Display
    axis: int
    index: int

    @property
    def point_world(self) -> NDArray[np.float64]:
        """A point of the world that lies in the slice."""
        shown = np.zeros(3)
        shown[self.axis] = self.index
        return np.asarray(self.display.source.voxel_to_world(self.display.to_source(shown)))


def with_slice(mask: NDArray[np.bool_], where: Slice, found: TaughtSlice) -> NDArray[np.bool_]:
    """Give a mask ``(*source,)`` with what was learned in one slice in place of what is there."""
    display = where.display
    sides = [np.arange(n, dtype=float) for n in display.shape]
    sides[where.axis] = np.array([float(where.index)])
    shown_vox = np.stack(np.meshgrid(*sides, indexing="ij"), -1)
    world = display.source.voxel_to_world(display.to_source(shown_vox))
    share = laid_over(found, found.grid.world_to_voxel(world))
    changed = mask.copy()
    there = [slice(None)] * 3
    there[where.axis] = slice(where.index, where.index + 1)
    display.show(changed)[tuple(there)] = share > _CERTAIN
    return changed


def laid_over(found: TaughtSlice, points_vox: NDArray[Any]) -> NDArray[np.float32]:
    """Read a slice at points of the working grid ``(..., 3)``, linearly."""
    from scipy.ndimage import map_coordinates

    kept = [axis for axis in range(3) if axis != found.axis]
    places = np.moveaxis(points_vox[..., kept], -1, 0)
    return np.asarray(map_coordinates(found.share, places, order=1, mode="nearest"), np.float32)
