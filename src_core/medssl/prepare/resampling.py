"""Anti-aliased resampling onto a working grid, one axis after the other."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from medssl.geometry import Grid

_SLAB_VALUES = 1 << 24


def working_grid_2d(grid: Grid, longest_side: int) -> Grid:
    """Return the same field of view with `longest_side` pixels along its longest side.

    Pixels become as square as whole numbers allow, also where the source's are not.
    """
    extent = np.array(grid.shape) * np.array(grid.spacing)
    shape = np.maximum(1, np.rint(extent * (longest_side / extent.max()))).astype(int)
    return grid.with_shape(shape.tolist())


def isotropic_grid(grid: Grid, spacing: float) -> Grid:
    """Grid of cubic voxels along the image's own axes, centred on the same field of view."""
    extent = np.array(grid.shape) * np.array(grid.spacing)
    shape = np.maximum(1, np.rint(extent / spacing)).astype(int)
    centre_vox = (np.array(grid.shape) - 1) / 2
    step_vox = spacing / np.array(grid.spacing)
    origin = grid.voxel_to_world(centre_vox - (shape - 1) / 2 * step_vox)
    return replace(
        grid,
        shape=tuple(shape.tolist()),
        spacing=(float(spacing),) * grid.ndim,
        origin=tuple(origin.tolist()),
    )


def axis_weights(n_in: int, n_out: int, start: float, step: float) -> sparse.csr_array:
    """Weights ``(n_out, n_in)`` that sample an axis at ``start + i * step`` (input voxels).

    Linear interpolation when the grid gets finer; when it gets coarser the same triangle,
    widened to two output voxels, so that nothing finer than the new grid leaks in as moiré.
    Rows sum to 1, and their centre of mass is the sampled position, so that nothing moves; at
    the borders the weights of the voxels that exist are used.
    """
    width = max(1.0, step)
    centres = np.clip(start + step * np.arange(n_out), 0, n_in - 1)
    reach = math.ceil(width)
    offsets = np.arange(-reach, reach + 1)
    columns = np.rint(centres).astype(int)[:, None] + offsets
    weights = np.maximum(0.0, 1.0 - np.abs(columns - centres[:, None]) / width)
    weights[(columns < 0) | (columns >= n_in)] = 0.0
    weights /= weights.sum(axis=1, keepdims=True)
    inner = (columns[:, 0] >= 0) & (columns[:, -1] < n_in)
    weights[inner] = _centred(weights[inner], columns[inner] - centres[inner, None])
    rows = np.broadcast_to(np.arange(n_out)[:, None], columns.shape)
    used = weights > 0
    return sparse.csr_array(
        (weights[used].astype(np.float32), (rows[used], columns[used])), shape=(n_out, n_in)
    )


def _centred(weights: NDArray[np.float64], offsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Tilt rows of weights so slightly that their centre of mass is exactly at offset 0."""
    mean = (weights * offsets).sum(axis=1, keepdims=True)
    away = offsets - mean
    variance = (weights * away**2).sum(axis=1, keepdims=True)
    tilt = np.divide(-mean, variance, out=np.zeros_like(mean), where=variance > 1e-9)
    return np.asarray(weights * np.maximum(0.0, 1.0 + tilt * away))


def resample(
    array: NDArray[Any],
    source: Grid,
    target: Grid,
    convert: Callable[[NDArray[Any]], NDArray[np.float32]],
) -> NDArray[np.float32]:
    """Sample an image on a grid that runs along the same axes.

    Parameters
    ----------
    array
        ``(*source.shape, C)``, channels last.
    source, target
        Grids with the same direction.
    convert
        Turns raw pixels ``(..., C)`` into float32 ``(..., C')``; called slab by slab, so that a
        huge image is never held whole in floating point.

    Returns
    -------
    numpy.ndarray
        ``(*target.shape, C')``.
    """
    first = source.world_to_voxel(target.voxel_to_world(np.zeros(target.ndim)))
    step = np.array(target.spacing) / np.array(source.spacing)
    weights = [
        axis_weights(source.shape[a], target.shape[a], float(first[a]), float(step[a]))
        for a in range(source.ndim)
    ]
    result = _first_axis(array, weights[0], convert)
    for axis in range(1, source.ndim):
        moved = np.moveaxis(result, axis, 0)
        flat = weights[axis] @ np.ascontiguousarray(moved).reshape(moved.shape[0], -1)
        result = np.moveaxis(flat.reshape(-1, *moved.shape[1:]), 0, axis)
    return np.ascontiguousarray(result, dtype=np.float32)


def _first_axis(
    array: NDArray[Any],
    weights: sparse.csr_array,
    convert: Callable[[NDArray[Any]], NDArray[np.float32]],
) -> NDArray[np.float32]:
    n_in = array.shape[0]
    columns = weights.tocsc()
    rows_a_slab = max(1, _SLAB_VALUES // math.prod(array.shape[1:]))
    result: NDArray[np.float32] | None = None
    for begin in range(0, n_in, rows_a_slab):
        end = min(n_in, begin + rows_a_slab)
        slab = convert(np.asarray(array[begin:end]))
        if result is None:
            result = np.zeros((weights.shape[0], *slab.shape[1:]), np.float32)
        part = columns[:, begin:end].tocsr()
        touched = np.flatnonzero(np.diff(part.indptr))
        sampled = part[touched] @ slab.reshape(end - begin, -1)
        result[touched] += sampled.reshape(len(touched), *slab.shape[1:])
    assert result is not None
    return result
