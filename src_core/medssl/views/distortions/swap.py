"""Patch swap: pairs of small blocks change places."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from medssl.views.distortions.boxes import inside
from medssl.views.randomness import Draws


def swap_patches(images: Tensor, pairs: int, sides: tuple[float, float], draws: Draws) -> Tensor:
    """Exchange pairs of blocks of the same size, one pair after the other.

    Where the blocks of a pair overlap, the common part shows what the first block covered.

    Parameters
    ----------
    images
        ``(B, C, *spatial)``.
    pairs
        Pairs an image.
    sides
        Smallest and largest side of a block, as a share of the image's.
    draws
        Random numbers.
    """
    sizes = tuple(images.shape[2:])
    extent = torch.tensor(sizes, dtype=torch.float32)
    low, high = sides
    wide = (low + draws.fractions(pairs, len(sizes)) * (high - low)) * extent
    wide = wide.round().clamp(min=1).minimum(extent)
    room = extent - wide + 1
    places = [(draws.fractions(pairs, len(sizes)) * room).floor() for _ in range(2)]
    blocks = [torch.stack((place, place + wide), dim=2).long() for place in places]
    steps = _flat_steps(sizes)
    shift = ((places[1] - places[0]).long() * steps).sum(-1).to(images.device)
    own = torch.arange(math.prod(sizes), device=images.device)
    source = own.expand(len(images), -1)
    masks = [inside(block, sizes, images.device).flatten(2) for block in blocks]
    for number in range(pairs):
        by = shift[:, number, None]
        wanted = torch.where(masks[0][:, number], own + by, own)
        wanted = torch.where(masks[1][:, number], own - by, wanted)
        source = source.gather(1, wanted)
    flat = images.flatten(2)
    return flat.gather(2, source[:, None].expand_as(flat)).reshape(images.shape)


def _flat_steps(sizes: tuple[int, ...]) -> Tensor:
    """Return how far apart neighbours along each axis lie in a flattened image."""
    steps, step = [], 1
    for size in reversed(sizes):
        steps.append(step)
        step *= size
    return torch.tensor(steps[::-1])
