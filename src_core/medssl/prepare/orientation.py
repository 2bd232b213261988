"""Canonical orientation, and which dimension an image is worked on in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from medssl.geometry import Grid

if TYPE_CHECKING:
    from medssl.io.image import Image


def working_ndim(grid: Grid) -> int:
    """Return 3 for a volume, 2 for a picture or a volume of a single slice."""
    return 3 if grid.ndim == 3 and grid.shape[0] > 1 else 2


def to_canonical(array: NDArray[Any], grid: Grid) -> tuple[NDArray[Any], Grid]:
    """Reorder and flip the axes of ``(*grid.shape, C)`` so that they run as LPS; no copy."""
    turned, order, flips = grid.canonical()
    result = array.transpose(*order, grid.ndim)
    steps = tuple(slice(None, None, -1) if flip else slice(None) for flip in flips)
    return result[steps], turned


def as_picture(image: Image) -> Image:
    """Take the only slice of a volume as a picture whose world is its plane.

    The picture keeps the pixel size; its origin is its own first pixel.
    """
    if image.ndim == 2:
        return image
    grid = Grid.create(image.grid.shape[1:], image.grid.spacing[1:], unit=image.grid.unit)
    return replace(
        image,
        array=np.asarray(image.array[0]),
        grid=grid,
        axes="yxc" if image.is_colour else "yx",
    )
