"""Linear maps along the axes of volumes, as small matrix products.

A blur or an axis-parallel sampling of a volume is one matrix an axis. For sides of up to a few
hundred voxels the products are faster than convolutions or gathers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

_MOST_RADIUS = 64


def blur_volumes(volumes: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of ``(C, z, y, x)``, edges repeated; `sigma` in voxels."""
    return _apply(volumes, [_blur_matrix(size, sigma) for size in volumes.shape[1:]])


def sample_volumes(
    volumes: Tensor, cells: Sequence[int], voxels_a_cell: float, offset: Sequence[float]
) -> Tensor:
    """Interpolate ``(C, z, y, x)`` at the centres of cells moved by `offset` voxels.

    Returns
    -------
    samples
        ``(C, *cells)``; edges are repeated.
    """
    return _apply(
        volumes,
        [
            _sampling_matrix(size, n, voxels_a_cell, shift)
            for size, n, shift in zip(volumes.shape[1:], cells, offset, strict=True)
        ],
    )


def _apply(volumes: Tensor, maps: Sequence[Tensor]) -> Tensor:
    """Multiply each axis by its matrix ``(before, after)``."""
    along_z, along_y, along_x = maps
    result = along_y.T @ (volumes @ along_x)
    channels, depth, height, width = result.shape
    result = along_z.T @ result.reshape(channels, depth, height * width)
    return result.reshape(channels, -1, height, width)


@lru_cache(maxsize=256)
def _blur_matrix(size: int, sigma: float) -> Tensor:
    radius = min(int(3 * sigma + 0.5), _MOST_RADIUS)
    steps = np.arange(-radius, radius + 1)
    kernel = np.exp(-(steps**2) / (2 * sigma**2))
    matrix = np.zeros((size, size), np.float32)
    after = np.arange(size)
    for step, weight in zip(steps, kernel / kernel.sum(), strict=True):
        np.add.at(matrix, (np.clip(after + step, 0, size - 1), after), weight)
    return torch.from_numpy(matrix)


@lru_cache(maxsize=1024)
def _sampling_matrix(size: int, cells: int, voxels_a_cell: float, shift: float) -> Tensor:
    after = np.arange(cells)
    place = np.clip((after + 0.5) * voxels_a_cell + shift - 0.5, 0, size - 1)
    low = np.minimum(np.floor(place).astype(int), max(size - 2, 0))
    share = place - low
    matrix = np.zeros((size, cells), np.float32)
    np.add.at(matrix, (low, after), 1 - share)
    np.add.at(matrix, (np.minimum(low + 1, size - 1), after), share)
    return torch.from_numpy(matrix)
