"""Masks on another grid than their image, brought onto it for scoring."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from medssl.errors import FileRefusedError
from medssl.geometry import Grid
from medssl.prepare import Case

_SAME_PROPORTIONS = 0.02


def onto_image(path: Path, array: NDArray[np.int64], grid: Grid, case: Case) -> NDArray[np.int64]:
    """Take the value of the nearest voxel of a mask for every voxel of its image.

    Where mask and image both have a place in mm, that decides; pictures without one are laid over
    each other from border to border.

    Parameters
    ----------
    path
        Of the mask.
    array, grid
        The mask.
    case
        Its image.

    Raises
    ------
    FileRefusedError
        If they do not overlap, or pictures have other proportions.
    """
    target = case.source_grid
    if grid.unit == target.unit == "mm" and grid.ndim == target.ndim:
        exact = np.linalg.inv(grid.affine) @ target.affine
        matrix, offset = exact[:-1, :-1], exact[:-1, -1]
    else:
        matrix, offset = _border_to_border(path, grid, case)
    middle = np.stack(np.meshgrid(*[(0, side - 1) for side in target.shape], indexing="ij"), -1)
    corners = middle.reshape(-1, target.ndim) @ matrix.T + offset
    if (corners.max(0) < 0).any() or (corners.min(0) > np.array(grid.shape) - 1).any():
        raise FileRefusedError(
            path,
            f"the mask and its image {case.name} do not overlap",
            "Export the mask on the grid of the image.",
        )
    return np.asarray(
        ndimage.affine_transform(array, matrix, offset, target.shape, order=0), np.int64
    )


def _border_to_border(
    path: Path, grid: Grid, case: Case
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    factors = np.array(grid.shape) / np.array(case.source_grid.shape)
    if grid.ndim != case.source_grid.ndim or np.ptp(factors) > _SAME_PROPORTIONS * factors.max():
        found, wanted = (
            " × ".join(str(side) for side in reversed(shape))
            for shape in (grid.shape, case.source_grid.shape)
        )
        raise FileRefusedError(
            path,
            f"the mask has {found} voxels, its image {case.name} has {wanted}: other proportions",
            "Export the mask on the grid of the image.",
        )
    return np.diag(factors), (factors - 1) / 2
