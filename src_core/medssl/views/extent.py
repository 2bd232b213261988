"""Which cells of a view show the image, and not what lies beyond its border."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from medssl.views.sampling import voxel_positions
from medssl.views.warp import Warp


@dataclass(frozen=True)
class Extent:
    """Where the images lie in their views.

    Parameters
    ----------
    warps
        How the views were made, in the order of the views; each of all ``B`` images.
    shown
        First and last canvas voxel of each image, ``(B, ndim)`` each.
    """

    warps: tuple[Warp, ...]
    shown: tuple[Tensor, Tensor]

    def cells(self, stride: int) -> Tensor:
        """Whether the centre of each cell lies in the image: ``(views, *cells)``, bool."""
        first, last = (limit[:, None] for limit in self.shown)
        inside = []
        for warp in self.warps:
            sizes = tuple(-(-size // stride) for size in warp.view_size)
            centres = voxel_positions(sizes, first.device) * stride + (stride - 1) / 2
            points = warp.to_canvas(centres.flatten(0, -2).expand(len(first), -1, -1))
            within = (points >= first - 0.5) & (points <= last + 0.5)
            inside.append(within.all(-1).reshape(-1, *sizes))
        return torch.cat(inside)
