"""Masks of a shape that belong to no image of the cohort, and views of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_TRIES = 8


class ShapeMasks:
    """Masks on the working scale.

    Parameters
    ----------
    masks
        ``(*spatial,)`` each, of any size: the share of each voxel that the shape covers. None is
        empty.
    upright
        Whether masks have a known way up; otherwise views of them are turned and flipped.

    Examples
    --------
    >>> shapes = ShapeMasks([np.eye(16, dtype=np.float32)], upright=True)
    >>> shapes.draw(3, (8, 8)).shape
    torch.Size([3, 1, 8, 8])
    """

    def __init__(self, masks: Sequence[NDArray[np.float32]], upright: bool) -> None:
        self.masks = [torch.from_numpy(np.ascontiguousarray(mask, np.float32)) for mask in masks]
        self.upright = upright

    @property
    def digest(self) -> str:
        """Hash of all masks, whatever their order."""
        one = [hashlib.blake2b(m.numpy().tobytes() + repr(m.shape).encode()) for m in self.masks]
        joined = b"".join(sorted(each.digest() for each in one))
        return hashlib.blake2b(joined, digest_size=8).hexdigest()

    @property
    def share(self) -> float:
        """Share of all voxels that the shape covers."""
        return float(sum(m.sum() for m in self.masks)) / sum(m.numel() for m in self.masks)

    def draw(self, count: int, size: tuple[int, ...]) -> Tensor:
        """Cut views ``(count, 1, *size)`` at random, by torch's global random state.

        A view that shows nothing of the shape is drawn again, a few times.
        """
        views = []
        for _ in range(count):
            mask = self.masks[int(torch.randint(len(self.masks), ()))]
            view = _cut(mask, size)
            for _ in range(_TRIES):
                if view.any():
                    break
                view = _cut(mask, size)
            views.append(view if self.upright else _turned(view))
        return torch.stack(views)[:, None]


def _cut(mask: Tensor, size: tuple[int, ...]) -> Tensor:
    """Cut a part; beyond the mask there is nothing."""
    view = mask.new_zeros(size)
    there, here = [], []
    for side, wanted in zip(mask.shape, size, strict=True):
        shift = int(torch.randint(abs(side - wanted) + 1, ()))
        first = (shift, 0) if side >= wanted else (0, shift)
        length = min(side, wanted)
        here.append(slice(first[0], first[0] + length))
        there.append(slice(first[1], first[1] + length))
    view[tuple(there)] = mask[tuple(here)]
    return view


def _turned(view: Tensor) -> Tensor:
    """Flip along any axis, and swap axes of equal length."""
    flips = [axis for axis in range(view.ndim) if torch.rand(()) < 0.5]
    view = view.flip(flips)
    for axis in range(view.ndim - 1):
        if view.shape[axis] == view.shape[-1] and torch.rand(()) < 0.5:
            view = view.transpose(axis, -1)
    return view
