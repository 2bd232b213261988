"""Quarter turns and flips of images, and the same undone on a grid of features."""

from __future__ import annotations

import torch
from torch import Tensor

from medssl.views.randomness import Draws


def random_turns(ndim: int, flip_axes: tuple[int, ...], draws: Draws) -> Tensor:
    """Draw signed permutation matrices ``(B, ndim, ndim)`` in ``(z, y, x)``: turn k·90°, then flip.

    Turns are in-plane (the last two axes); each of `flip_axes` is flipped with p = 0.5.
    """
    turns = draws.below(4)
    quarter = torch.eye(ndim)
    quarter[-2:, -2:] = torch.tensor([[0.0, 1.0], [-1.0, 0.0]])
    powers = torch.stack([torch.linalg.matrix_power(quarter, k) for k in range(4)])
    matrix = powers[turns]
    for axis in flip_axes:
        flipped = draws.chance(0.5)
        matrix[:, :, axis] = torch.where(flipped[:, None], -matrix[:, :, axis], matrix[:, :, axis])
    return matrix


def turn_back(cells: Tensor, turns: Tensor) -> Tensor:
    """Undo turns on feature grids, so that cell (i, j) covers the same tissue again.

    Parameters
    ----------
    cells
        ``(B, C, *grid)`` of turned views; the last two axes are equally long.
    turns
        ``(B, ndim, ndim)`` as `random_turns` drew: they take a place in the turned view to its
        place in the upright one, both counted from the middle.

    Returns
    -------
    Tensor
        ``(B, C, *grid)`` in upright order.
    """
    sizes = cells.shape[2:]
    axes = [torch.arange(size, dtype=torch.float32) - (size - 1) / 2 for size in sizes]
    upright = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).reshape(-1, len(sizes))
    middle = torch.tensor([(size - 1) / 2 for size in sizes])
    turned = torch.einsum("bji,pj->bpi", turns.cpu(), upright) + middle
    index = turned.round().long()
    flat = torch.zeros(index.shape[:2], dtype=torch.long)
    for axis, size in enumerate(sizes):
        flat = flat * size + index[..., axis]
    flat = flat.to(cells.device)[:, None].expand(-1, cells.shape[1], -1)
    return cells.flatten(2).gather(2, flat).reshape(cells.shape)
