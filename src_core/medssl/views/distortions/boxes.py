"""Random boxes in images, one set an image."""

from __future__ import annotations

import torch
from torch import Tensor

from medssl.views.randomness import Draws


def random_boxes(
    count: int,
    sides: tuple[float, float],
    sizes: tuple[int, ...],
    stop: float,
    draws: Draws,
) -> Tensor:
    """Draw boxes ``(B, count, 2, ndim)``: first voxel and end along each axis.

    Parameters
    ----------
    count
        Most boxes an image.
    sides
        Smallest and largest side, as a share of the image's.
    sizes
        Of the image in voxels.
    stop
        After each box this is the chance that it is the last; the others are empty.
    draws
        Random numbers.
    """
    ndim, extent = len(sizes), torch.tensor(sizes, dtype=torch.float32)
    low, high = sides
    wide = (low + draws.fractions(count, ndim) * (high - low)) * extent
    wide = wide.round().clamp(min=1).minimum(extent)
    first = (draws.fractions(count, ndim) * (extent - wide + 1)).floor()
    goes_on = (draws.fractions(count) >= stop)[:, :-1].cumprod(1).bool()
    there = torch.cat((torch.ones(len(draws), 1, dtype=torch.bool), goes_on), dim=1)
    return torch.stack((first, first + wide * there[..., None]), dim=2).long()


def inside(boxes: Tensor, sizes: tuple[int, ...], device: torch.device) -> Tensor:
    """Return which voxels lie in which box: ``(B, count, *sizes)``, bool."""
    shape = boxes.shape[:2]
    result = torch.ones((*shape, *[1] * len(sizes)), dtype=torch.bool, device=device)
    boxes = boxes.to(device)
    for axis, size in enumerate(sizes):
        place = torch.arange(size, device=device)
        within = (place >= boxes[:, :, 0, axis, None]) & (place < boxes[:, :, 1, axis, None])
        along = [1] * len(sizes)
        along[axis] = size
        result = result & within.reshape(*shape, *along)
    return result
