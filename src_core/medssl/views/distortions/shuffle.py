"""Local shuffling: voxels change places within small windows."""

from __future__ import annotations

import torch
from torch import Tensor

from medssl.views.randomness import Draws
from medssl.views.sampling import voxel_positions


def shuffle_locally(images: Tensor, largest: float, draws: Draws) -> Tensor:
    """Cut each image into windows and shuffle the voxels of each.

    Side and place of the windows are drawn an image and axis; texture goes, shapes stay.

    Parameters
    ----------
    images
        ``(B, C, *spatial)``.
    largest
        Largest side of a window, as a share of the image's.
    draws
        Random numbers.

    References
    ----------
    Z. Zhou et al., Models Genesis, arXiv 2004.07882.
    """
    sizes = tuple(images.shape[2:])
    extent = torch.tensor(sizes, dtype=torch.float32)
    most = (extent * largest).clamp(min=2)
    side = (1 + draws.fractions(len(sizes)) * most).floor().minimum(most.floor())
    offset = (draws.fractions(len(sizes)) * side).floor()
    side, offset = side.to(images.device), offset.to(images.device)
    position = voxel_positions(sizes, images.device).flatten(0, -2)
    window = torch.zeros(len(images), len(position), dtype=torch.long, device=images.device)
    for axis, size in enumerate(sizes):
        place = (position[:, axis] + offset[:, axis, None]) // side[:, axis, None]
        window = window * (size + 1) + place.long()
    in_order = window.argsort(dim=1, stable=True)
    mixed = draws.normal_like(images[:, :1]).flatten(1).argsort(dim=1)
    shuffled = mixed.gather(1, window.gather(1, mixed).argsort(dim=1, stable=True))
    source = torch.empty_like(in_order).scatter(1, in_order, shuffled)
    flat = images.flatten(2)
    return flat.gather(2, source[:, None].expand_as(flat)).reshape(images.shape)
