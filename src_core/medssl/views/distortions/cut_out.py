"""Cut-out: blocks of the image are painted over."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from medssl.views.distortions.boxes import inside, random_boxes
from medssl.views.randomness import Draws


def cut_out(
    images: Tensor,
    blocks: int,
    sides: tuple[float, float],
    stop: float,
    paint: Literal["grey", "noise"],
    draws: Draws,
) -> Tensor:
    """Paint blocks over, each with a grey of its own or with noise.

    Parameters
    ----------
    images
        ``(B, C, *spatial)``, values 0 to 1.
    blocks, sides, stop
        As in `random_boxes`.
    paint
        What the blocks are painted with; values 0 to 1.
    draws
        Random numbers.
    """
    sizes = tuple(images.shape[2:])
    covered = inside(random_boxes(blocks, sides, sizes, stop, draws), sizes, images.device)
    if paint == "noise":
        noise = uniform_like(images, draws)
        return torch.where(covered.any(1, keepdim=True), noise, images)
    greys = draws.fractions(blocks, images.shape[1]).to(images)
    for number in range(blocks):
        grey = greys[:, number].reshape(*images.shape[:2], *[1] * len(sizes))
        images = torch.where(covered[:, number, None], grey, images)
    return images


def outer_cut_out(
    images: Tensor,
    windows: int,
    sides: tuple[float, float],
    stop: float,
    paint: Literal["black", "noise"],
    draws: Draws,
) -> Tensor:
    """Keep what windows show, and paint the rest black or with noise.

    Parameters
    ----------
    images
        ``(B, C, *spatial)``, values 0 to 1.
    windows, sides, stop
        As in `random_boxes`.
    paint
        What is seen around the windows.
    draws
        Random numbers.
    """
    sizes = tuple(images.shape[2:])
    kept = inside(random_boxes(windows, sides, sizes, stop, draws), sizes, images.device)
    around = torch.zeros_like(images) if paint == "black" else uniform_like(images, draws)
    return torch.where(kept.any(1, keepdim=True), images, around)


def uniform_like(images: Tensor, draws: Draws) -> Tensor:
    """Return noise of the images' shape, evenly distributed between 0 and 1."""
    noise: Tensor = torch.special.ndtr(draws.normal_like(images))
    return noise
