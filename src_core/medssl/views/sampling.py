"""Reading maps at points given in voxels."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def to_sampling_grid(points_vox: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """Turn voxel points ``(..., ndim)`` in ``(z, y, x)`` into `grid_sample`'s coordinates."""
    extent = torch.tensor(sizes, device=points_vox.device, dtype=points_vox.dtype)
    return ((2.0 * points_vox + 1.0) / extent - 1.0).flip(-1)


def sample_at(maps: Tensor, points_vox: Tensor, padding: str = "border") -> Tensor:
    """Read maps ``(B, C, *spatial)`` at voxel points ``(B, P, ndim)``, linearly: ``(B, P, C)``."""
    batch, count, ndim = points_vox.shape
    grid = to_sampling_grid(points_vox, tuple(maps.shape[2:]))
    grid = grid.reshape(batch, count, *([1] * (ndim - 1)), ndim)
    values = F.grid_sample(maps, grid, mode="bilinear", padding_mode=padding, align_corners=False)
    return values.flatten(2).transpose(1, 2)


def read_cells(cells: Tensor, points_vox: Tensor, stride: int) -> Tensor:
    """Read a map of stride `stride` at voxel points of its input: ``(B, P, C)``.

    Cell ``i`` is centred at voxel ``i·stride + (stride−1)/2``.
    """
    return sample_at(cells, (points_vox - (stride - 1) / 2) / stride)


def voxel_positions(sizes: tuple[int, ...], device: torch.device | None = None) -> Tensor:
    """Positions ``(*sizes, ndim)`` of all voxels in ``(z, y, x)``."""
    axes = [torch.arange(size, device=device, dtype=torch.float32) for size in sizes]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)
