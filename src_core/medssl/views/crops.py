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
    """Draw two crops of each image; flips are part of them."""
    first = _sides(batch, view_size, settings, draws)
    second = _sides(batch, view_size, settings, draws)
    low, high = batch.shown()
    start = _centres(draws.fractions(batch.ndim).to(low), first, low, high)
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


def _centres(fraction: Tensor, sides: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Lay crops inside; one larger than its room lies in the middle of it."""
    first, last = low - 0.5 + sides / 2, high + 0.5 - sides / 2
    middle = (low + high) / 2
    inside = first + fraction * (last - first)
    return torch.where(last > first, inside, middle)


def _scales(
    sides: Tensor, view_size: tuple[int, ...], settings: CropSettings, draws: Draws
) -> Tensor:
    """Return matrices ``(B, ndim, ndim)`` from views to the canvas."""
    scale = sides / torch.tensor(view_size, device=sides.device, dtype=sides.dtype)
    for axis in settings.flip_axes:
        flipped = draws.chance(settings.flip_probability).to(sides.device)
        scale[:, axis] = torch.where(flipped, -scale[:, axis], scale[:, axis])
    return torch.diag_embed(scale)
