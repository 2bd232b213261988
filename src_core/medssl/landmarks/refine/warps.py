"""Small turns, scales and shifts of features, and of the places in them."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class Warps(NamedTuple):
    """One affine map an image, in relative coordinates (−1 to 1, last axis first in torch's way).

    A place ``r`` of the warped image shows what lies at ``matrix @ r + shift`` of the image.
    """

    matrix: Tensor
    shift: Tensor


def draw_warps(count: int, sizes: Tensor, generator: torch.Generator, strength: float) -> Warps:
    """Draw small affine maps: turns, scales along the axes, shifts.

    Parameters
    ----------
    count
        How many.
    sizes
        Cells along each axis ``(ndim,)``, so that turns are true turns.
    generator
        Source of all randomness.
    strength
        1: turns up to 10°, scales by up to a tenth, shifts up to 8 % of an axis.
    """
    ndim = len(sizes)

    def uniform(*shape: int) -> Tensor:
        return (torch.rand(*shape, generator=generator) * 2 - 1) * strength

    matrix = torch.diag_embed(1 + 0.1 * uniform(count, ndim))
    for first in range(ndim):
        for second in range(first + 1, ndim):
            angle = uniform(count) * math.radians(10)
            turn = torch.eye(ndim).repeat(count, 1, 1)
            turn[:, first, first] = turn[:, second, second] = angle.cos()
            turn[:, first, second] = -angle.sin()
            turn[:, second, first] = angle.sin()
            matrix = matrix @ turn
    scale = sizes.float()
    matrix = matrix * (scale[None, None, :] / scale[None, :, None])
    return Warps(matrix, 0.16 * uniform(count, ndim))


def warp_features(features: Tensor, inside: Tensor, warps: Warps) -> tuple[Tensor, Tensor]:
    """Warp features ``(B, C, *cells)``; what comes from outside of the image is not inside."""
    flipped = warps.matrix.flip(1, 2)
    theta = torch.cat([flipped, warps.shift.flip(1)[:, :, None]], 2)
    both = torch.cat([features, inside[:, None].float()], 1)
    grid = F.affine_grid(theta, list(both.shape), align_corners=False)
    warped = F.grid_sample(both, grid, align_corners=False)
    now_inside = warped[:, -1] > 0.5
    return warped[:, :-1] * now_inside[:, None], now_inside


def warp_places(places: Tensor, sizes: Tensor, warps: Warps) -> Tensor:
    """Where places ``(B, L, ndim)``, in cells, lie in the warped images."""
    relative = (places + 0.5) / sizes * 2 - 1
    moved = (relative - warps.shift[:, None]).transpose(1, 2)
    back: Tensor = torch.linalg.solve(warps.matrix, moved).transpose(1, 2)
    return (back + 1) / 2 * sizes - 0.5


def unwarp_places(places: Tensor, sizes: Tensor, warps: Warps) -> Tensor:
    """Where places ``(B, L, ndim)`` of the warped images lie in the images."""
    relative = (places + 0.5) / sizes * 2 - 1
    there = relative @ warps.matrix.transpose(1, 2) + warps.shift[:, None]
    return (there + 1) / 2 * sizes - 0.5
