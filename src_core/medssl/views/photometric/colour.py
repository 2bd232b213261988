"""Random saturation, hue and grey for colour images; grey images pass unchanged."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from medssl.views.randomness import Draws, per_image

LUMINANCE = (0.299, 0.587, 0.114)


def luminance(images: Tensor) -> Tensor:
    """Return the grey value ``(B, 1, *spatial)`` of colour images ``(B, 3, *spatial)``."""
    weights = torch.tensor(LUMINANCE, device=images.device, dtype=images.dtype)
    return (images * weights.reshape(1, 3, *([1] * (images.ndim - 2)))).sum(1, keepdim=True)


def random_saturation(images: Tensor, strength: float, draws: Draws) -> Tensor:
    """Move colours towards grey or away from it by a factor between 1−s and 1+s."""
    factor = draws.uniform((1 - strength, 1 + strength))
    grey = luminance(images).expand_as(images)
    return torch.lerp(grey, images, per_image(factor, images))


def random_hue(images: Tensor, strength: float, draws: Draws) -> Tensor:
    """Turn the hue by up to `strength` of the full circle to either side.

    The colours are rotated about the grey axis, which is linear and needs no conversion.
    """
    angle = draws.uniform((-strength, strength))[:, 0] * (2 * math.pi)
    axis = torch.full((3, 3), 1 / 3)
    root = 1 / math.sqrt(3)
    cross = torch.tensor([[0.0, -root, root], [root, 0.0, -root], [-root, root, 0.0]])
    cosine, sine = angle.cos()[:, None, None], angle.sin()[:, None, None]
    turn = cosine * torch.eye(3) + (1 - cosine) * axis + sine * cross
    return torch.einsum("bij,bj...->bi...", turn.to(images.device, images.dtype), images)


def random_grey(images: Tensor, probability: float, draws: Draws) -> Tensor:
    """Take the colour out of some images."""
    chosen = per_image(draws.chance(probability).float(), images)
    return torch.lerp(images, luminance(images).expand_as(images), chosen)
