"""Random crops of images, brought to one size, as warps that know where each point went."""

from __future__ import annotations

import math
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from medssl.views.batch import ImageBatch
from medssl.views.randomness import Draws
from medssl.views.warp import Warp

JITTER = 0.1
"""How far the centre of a crop may lie from the place that it is aimed at, share of its sides."""


class CropSettings(BaseModel):
    """How large the crops are, and how they lie to each other."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    of: Literal["image", "view"] = Field(
        default="image",
        description="What `share` is a share of: the image, so that crops are resized much, or "
        "the view, so that they keep about the working resolution.",
    )
    share: tuple[float, float] = Field(
        default=(0.2, 1.0), description="Smallest and largest area (3-D: volume) of a crop."
    )
    aspect: float = Field(
        default=4 / 3, ge=1, description="Largest ratio of a crop's last two sides, after resizing."
    )
    overlap: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="The second crop's centre stays so near to the first's that crops of equal "
        "size would have this share in common; 0: the crops are independent.",
    )
    flip_axes: tuple[int, ...] = Field(
        default=(),
        description="Array axes that may be flipped (-1 is left-right). None where left and "
        "right differ, as in the chest.",
    )
    flip_probability: float = Field(default=0.5, ge=0, le=1, description="Of each axis.")


def random_crops(
    batch: ImageBatch, view_size: tuple[int, ...], settings: CropSettings, draws: Draws
) -> tuple[Warp, Warp]:
    """Draw two crops of each image; flips are part of them.

    Where the batch names places to aim at, the first crop is cut there, as far as the image
    reaches.
    """
    first = _sides(batch, view_size, settings, draws)
    second = _sides(batch, view_size, settings, draws)
    low, high = batch.shown()
    fractions = draws.fractions(batch.ndim).to(low)
    start = _centres(fractions, first, low, high)
    if batch.aim is not None:
        aimed = batch.aim + (2 * fractions - 1) * JITTER * first
        nearest, farthest = _room(first, low, high)
        start = torch.minimum(torch.maximum(aimed, nearest), farthest)
    reach = torch.full_like(start, torch.inf)
    if settings.overlap > 0:
        reach = first * (1 - settings.overlap ** (1 / batch.ndim))
    near = (
        torch.maximum(low, start - reach - (second - 1) / 2),
        torch.minimum(high, start + reach + (second - 1) / 2),
    )
    end = _centres(draws.fractions(batch.ndim).to(low), second, *near)
    warps = [
        Warp(_scales(sides, view_size, settings, draws), centre, None, view_size)
        for sides, centre in ((first, start), (second, end))
    ]
    return warps[0], warps[1]


def _sides(
    batch: ImageBatch, view_size: tuple[int, ...], settings: CropSettings, draws: Draws
) -> Tensor:
    """Draw the sides of crops ``(B, ndim)`` in canvas voxels."""
    low, high = batch.shown()
    extent = high - low + 1
    share = draws.uniform(settings.share).to(low) ** (1 / batch.ndim)
    limit = math.log(settings.aspect) / 2
    stretch = draws.uniform((-limit, limit))[:, 0].exp().to(low)
    factors = share.repeat(1, batch.ndim)
    factors[:, -1] *= stretch
    factors[:, -2] /= stretch
    if settings.of == "image":
        return torch.minimum(factors, torch.ones_like(factors)) * extent
    return factors * torch.tensor(view_size, device=low.device, dtype=low.dtype)


def middle_sides(
    shape: tuple[int, ...], view_size: tuple[int, ...], settings: CropSettings
) -> tuple[float, ...]:
    """Return the sides in voxels of a crop of the middle share of an image of some size."""
    factor = (sum(settings.share) / 2) ** (1 / len(shape))
    wanted = shape if settings.of == "image" else view_size
    return tuple(min(float(side), factor * most) for side, most in zip(shape, wanted, strict=True))


def _centres(fraction: Tensor, sides: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Lay crops inside."""
    first, last = _room(sides, low, high)
    return first + fraction * (last - first)


def _room(sides: Tensor, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """First and last centre of crops that lie inside; one too large lies in the middle."""
    first, last = low - 0.5 + sides / 2, high + 0.5 - sides / 2
    middle = (low + high) / 2
    fits = last > first
    return torch.where(fits, first, middle), torch.where(fits, last, middle)


def _scales(
    sides: Tensor, view_size: tuple[int, ...], settings: CropSettings, draws: Draws
) -> Tensor:
    """Return matrices ``(B, ndim, ndim)`` from views to the canvas."""
    scale = sides / torch.tensor(view_size, device=sides.device, dtype=sides.dtype)
    for axis in settings.flip_axes:
        flipped = draws.chance(settings.flip_probability).to(sides.device)
        scale[:, axis] = torch.where(flipped, -scale[:, axis], scale[:, axis])
    return torch.diag_embed(scale)
