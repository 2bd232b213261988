"""A flat view of an image: a film, or the slice of a volume through a point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from medssl.geometry import Grid
from medssl.io.image import Image
from medssl.prepare.intensity import IntensityRange, apply_range, robust_range
from medssl.prepare.orientation import to_canonical, working_ndim

SIDE = 320
_THICK = 1.5
_PLANES = ("axial", "coronal", "sagittal")


@dataclass(frozen=True)
class Cut:
    """Which slice of an image is seen, and how.

    Parameters
    ----------
    grid
        The image's grid.
    axis
        Axis of the volume, brought to run as LPS, that the view looks along; None of a picture.
    index
        Number of the slice along it.
    """

    grid: Grid
    axis: int | None
    index: int

    @classmethod
    def through(cls, grid: Grid, point_vox: Sequence[float] | None = None) -> Cut:
        """Choose the slice through a point, or the middle one.

        Thick slices are seen as they were taken, volumes without such in axial slices.
        """
        if working_ndim(grid) == 2:
            return cls(grid, None, 0)
        turned, _, _ = grid.canonical()
        thickest = int(np.argmax(turned.spacing))
        axis = thickest if turned.spacing[thickest] > _THICK * np.median(turned.spacing) else 0
        middle = [(size - 1) / 2 for size in grid.shape]
        place = _turned(grid, middle if point_vox is None else point_vox)[axis]
        return cls(grid, axis, int(np.clip(round(place), 0, turned.shape[axis] - 1)))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture, in its pixels: true to the size of the voxels."""
        turned = self.grid.canonical()[0] if self.axis is not None else self.grid
        axes = [a for a in range(turned.ndim) if a != self.axis][-2:]
        tall, wide = (turned.shape[a] * turned.spacing[a] for a in axes)
        scale = SIDE / max(tall, wide)
        return max(1, round(wide * scale)), max(1, round(tall * scale))

    @property
    def words(self) -> str:
        """The slice in words; empty for a picture."""
        if self.axis is None:
            return ""
        count = self.grid.canonical()[0].shape[self.axis]
        return f"{_PLANES[self.axis]} {self.index + 1} of {count}"

    def take(self, array: NDArray[Any]) -> NDArray[Any]:
        """Cut the view out of values on the grid."""
        if self.axis is None:
            return array if self.grid.ndim == 2 else array[0]
        turned, _ = to_canonical(array[..., None], self.grid)
        plane = np.moveaxis(turned[..., 0], self.axis, 0)[self.index]
        return np.asarray(plane if self.axis == 0 else plane[::-1])

    def place(self, point_vox: Sequence[float]) -> tuple[float, float] | None:
        """Give where a point lies in the picture, ``(x, y)``; None if not in this slice."""
        if self.axis is None:
            row, column = point_vox[-2:]
            rows, columns = self.grid.shape[-2:]
        else:
            turned = self.grid.canonical()[0]
            place = _turned(self.grid, point_vox)
            if abs(place[self.axis] - self.index) > 1:
                return None
            axes = [a for a in range(3) if a != self.axis]
            row, column = (place[a] for a in axes)
            rows, columns = (turned.shape[a] for a in axes)
            row = row if self.axis == 0 else rows - 1 - row
        width, height = self.size
        return (column + 0.5) * width / columns, (row + 0.5) * height / rows


def grey_picture(image: Image, cut: Cut) -> Picture.Image:
    """Draw the slice in the window of the file, or else from its darkest to its brightest."""
    first = image.frame(0)
    array = np.asarray(first.array.mean(-1) if first.is_colour else first.array)
    if first.window is not None and first.window[1] > 0:
        centre, width = first.window
        span: IntensityRange | None = IntensityRange(
            centre - width / 2, centre + width / 2, first.inverted
        )
    else:
        span = robust_range(array, first.inverted)
    plane = np.ascontiguousarray(cut.take(array))
    shown = np.zeros(plane.shape, np.float32) if span is None else apply_range(plane, span)
    picture = Picture.fromarray(np.round(np.nan_to_num(shown) * 255).astype(np.uint8))
    return picture.resize(cut.size, Picture.Resampling.LANCZOS)


def fullest_slice(mask: NDArray[Any], grid: Grid) -> list[float] | None:
    """Give a voxel in the slice of a volume that holds most of a mask; None for a picture."""
    if working_ndim(grid) == 2 or not mask.any():
        return None
    every = [mask.sum(axis=tuple(b for b in range(3) if b != a)) for a in range(3)]
    return [float(np.argmax(counts)) for counts in every]


def _turned(grid: Grid, point_vox: Sequence[float]) -> list[float]:
    """Give a point in the voxels of the grid that runs as LPS."""
    _, order, flips = grid.canonical()
    return [
        grid.shape[old] - 1 - point_vox[old] if flip else point_vox[old]
        for old, flip in zip(order, flips, strict=True)
    ]
