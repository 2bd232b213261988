"""Coarse cells and anchors of an embedded image."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from medssl.correspond.alignment import Cells

MOST_CELLS = 1200
"""Cells that a match is looked for in; more are pooled together."""


def pool_cells(
    embedding: Tensor, shape: tuple[int, ...], stride: int, unit: float, most: int = MOST_CELLS
) -> Cells:
    """Pool an embedding to few enough cells for an alignment.

    Parameters
    ----------
    embedding
        ``(E, *cells)``.
    shape
        Size of the image, working voxels.
    stride
        Working voxels a cell.
    unit
        Working voxels of the reference length.
    most
        About the largest number of cells.
    """
    ndim = embedding.ndim - 1
    step = max(1, math.ceil((math.prod(embedding.shape[1:]) / most) ** (1 / ndim) - 0.05))
    pool = F.avg_pool2d if ndim == 2 else F.avg_pool3d
    pooled = pool(embedding[None].float(), step, ceil_mode=True, count_include_pad=False)[0]
    vectors = F.normalize(pooled.flatten(1).T, dim=1)
    axes = [_pooled_centres(size, step) for size in embedding.shape[1:]]
    places = torch.stack(torch.meshgrid(*axes, indexing="ij"), -1).reshape(-1, ndim)
    return Cells(
        vectors.half(),
        cells_to_units(places, stride, unit),
        torch.tensor(shape, dtype=torch.float32) / unit,
    )


def _pooled_centres(size: int, step: int) -> Tensor:
    """Centres of groups of `step` cells along an axis of `size`; the last may have fewer."""
    first = torch.arange(0, size, step)
    return (first + (first + step).clamp(max=size) - 1) / 2


def cells_to_units(places: Tensor, stride: int, unit: float) -> Tensor:
    """Cell coordinates as places in units."""
    return (places.float() * stride + (stride - 1) / 2) / unit


def anchor_places(cells: tuple[int, ...], wanted: int) -> Tensor:
    """Lay an even grid of about `wanted` places over an image, in cells ``(A, ndim)``."""
    shape = np.array(cells, float)
    step = (np.prod(shape) / wanted) ** (1 / len(shape))
    counts = np.maximum(2, np.rint(shape / step)).astype(int)
    axes = [
        torch.linspace(0.02 * n, 0.98 * n - 1, int(count)) if n > 1 else torch.zeros(1)
        for n, count in zip(cells, counts, strict=True)
    ]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(cells))


def read_places(embedding: Tensor, places: Tensor) -> Tensor:
    """Interpolate an embedding ``(E, *cells)`` at cell coordinates: unit vectors ``(A, E)``."""
    sizes = torch.tensor(embedding.shape[1:])
    grid = ((2 * places + 1) / sizes - 1).flip(-1)
    grid = grid.reshape(1, len(places), *([1] * (embedding.ndim - 2)), embedding.ndim - 1)
    values = F.grid_sample(
        embedding[None].float(), grid, align_corners=False, padding_mode="border"
    )
    return F.normalize(values.flatten(2)[0].T, dim=1)
