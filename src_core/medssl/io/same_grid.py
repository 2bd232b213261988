"""Voxels brought onto another image's grid where both mean the same voxels.

Nothing is interpolated: the axes may run in another order or the other way round, and the
extent may differ, as it does in files of 3D Slicer that hold only what is not empty.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medssl.errors import GeometryError
from medssl.geometry import FloatArray, Grid

#: Voxel centres that differ by less than this share of a voxel are the same.
SAME_VOXEL = 0.05


def as_volume(grid: Grid) -> Grid:
    """Give the grid of a picture as that of a volume of one slice; a volume's stays."""
    if grid.ndim == 3:
        return grid
    affine = np.zeros((4, 4))
    affine[:2, 1:] = grid.affine[:2]
    affine[2, 0] = affine[3, 3] = 1.0
    return Grid.from_affine((1, *grid.shape), affine, grid.unit)


def onto_grid(array: NDArray[Any], grid: Grid, target: Grid) -> NDArray[Any]:
    """Bring voxels on `grid` onto `target`, voxel for voxel.

    Parameters
    ----------
    array
        ``([...,] z, y, x)`` or ``([...,] y, x)``, the spatial axes of `grid` last.
    grid
        Where the voxels lie.
    target
        Where they are wanted. A picture whose pixel size is not known has no place in the
        world: it fits where it has the same size.

    Returns
    -------
    ndarray
        The same leading axes, the shape of `target` last; 0 where `array` does not reach.

    Raises
    ------
    GeometryError
        If the voxels of the two are not the same, or something but 0 lies outside of `target`.
    """
    if grid.ndim == 2 and target.ndim == 2 and "px" in (grid.unit, target.unit):
        if grid.shape == target.shape:
            return array
        raise GeometryError(f"it has {_size(grid)} pixels, the image {_size(target)}")
    lead = array.shape[: array.ndim - grid.ndim]
    volume = array.reshape(*lead, *as_volume(grid).shape)
    placed = _onto_volume(volume, as_volume(grid), as_volume(target))
    return placed.reshape(*lead, *target.shape)


def _onto_volume(array: NDArray[Any], grid: Grid, target: Grid) -> NDArray[Any]:
    turn, first = _steps(grid, target)
    order = [int(np.abs(turn[axis]).argmax()) for axis in range(3)]
    signs = [int(turn[axis, order[axis]]) for axis in range(3)]
    lead = array.ndim - 3
    turned = array.transpose(*range(lead), *(lead + axis for axis in order))
    turned = np.flip(turned, tuple(lead + axis for axis in range(3) if signs[axis] < 0))
    starts = [
        int(first[axis]) + min(0, signs[axis] * (turned.shape[lead + axis] - 1))
        for axis in range(3)
    ]
    result = np.zeros((*array.shape[:lead], *target.shape), array.dtype)
    here: list[Any] = [...]
    there: list[Any] = [...]
    for axis, start in enumerate(starts):
        size = turned.shape[lead + axis]
        low, high = max(0, start), min(target.shape[axis], start + size)
        here.append(slice(low - start, max(low, high) - start))
        there.append(slice(low, max(low, high)))
    inside = turned[tuple(here)]
    if np.count_nonzero(inside) != np.count_nonzero(turned):
        raise GeometryError("a part of it lies outside of the image")
    result[tuple(there)] = inside
    return result


def _steps(grid: Grid, target: Grid) -> tuple[FloatArray, FloatArray]:
    """Find how the axes of `grid` run through `target`, and where its first voxel lies."""
    exact = np.linalg.inv(target.affine) @ grid.affine
    turn, first = np.round(exact[:3, :3]), np.round(exact[:3, 3])
    is_turn = (np.abs(turn).sum(axis=0) == 1).all() and (np.abs(turn).sum(axis=1) == 1).all()
    corners = np.array(list(product(*((0, size - 1) for size in grid.shape))), float)
    found = corners @ exact[:3, :3].T + exact[:3, 3]
    away = np.abs(found - corners @ turn.T - first).max()
    if not is_turn or away > SAME_VOXEL:
        raise GeometryError(
            f"it lies on another grid than the image: {_size(grid)} voxels of {_spacing(grid)},"
            f" the image has {_size(target)} of {_spacing(target)}"
        )
    return turn, first


def _size(grid: Grid) -> str:
    return " × ".join(str(n) for n in reversed(grid.shape))


def _spacing(grid: Grid) -> str:
    return " × ".join(f"{s:.4g}" for s in reversed(grid.spacing)) + f" {grid.unit}"
