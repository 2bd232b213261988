"""Random contrast: stretches or squeezes the greys about the image's mean."""

from __future__ import annotations

import torch
from torch import Tensor

from medssl.views.randomness import Draws, per_image


def random_contrast(images: Tensor, strength: float, draws: Draws) -> Tensor:
    """Multiply the distance from each image's mean by a factor between 1−s and 1+s."""
    factor = draws.uniform((1 - strength, 1 + strength))
    mean = images.mean(dim=tuple(range(1, images.ndim)), keepdim=True)
    return torch.lerp(mean.expand_as(images), images, per_image(factor, images))
