"""Patch features: a dense embedding pooled on a coarse grid."""

from __future__ import annotations

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from medssl.nets.blocks import unit_length


class PatchPooling(BaseModel):
    """The grid of patches, and how much a patch speaks for its centre."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    grid: int = Field(default=8, ge=2, description="Patches along each axis.")
    centre_sigma: float | None = Field(
        default=None,
        gt=0,
        description="Standard deviation of the Gaussian window that replaces plain averaging, "
        "as a share of the patch's side (center-sensitive averaging pooling); empty: plain.",
    )


def pool_patches(cells: Tensor, pooling: PatchPooling) -> Tensor:
    """Pool unit vectors ``(B, E, *cells)`` to unit vectors ``(B, E, grid, grid[, grid])``.

    Raises
    ------
    ValueError
        If the grid does not divide the cells.
    """
    sizes = cells.shape[2:]
    if any(size % pooling.grid for size in sizes):
        raise ValueError(f"a grid of {pooling.grid} does not divide {tuple(sizes)} cells")
    pooled = cells
    for axis, size in enumerate(sizes, start=2):
        patch = size // pooling.grid
        parts = torch.unflatten(pooled, axis, (pooling.grid, patch))
        if pooling.centre_sigma is None:
            pooled = parts.mean(axis + 1)
        else:
            window = centre_window(patch, pooling.centre_sigma).to(parts)
            pooled = torch.tensordot(parts, window, dims=([axis + 1], [0]))
    return unit_length(pooled)


def centre_window(patch: int, sigma: float) -> Tensor:
    """Return a Gaussian window ``(patch,)`` that sums to 1; ``sigma`` is a share of the patch."""
    offset = torch.arange(patch, dtype=torch.float32) - (patch - 1) / 2
    window = torch.exp(-0.5 * (offset / (sigma * patch)) ** 2)
    return window / window.sum()
