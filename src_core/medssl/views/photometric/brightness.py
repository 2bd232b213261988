"""Random brightness: scales all greys, or adds to them."""

from __future__ import annotations

import torch
from torch import Tensor

from medssl.views.randomness import per_image, uniform


def random_brightness(images: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Multiply each image by a factor between 1−s and 1+s."""
    factor = uniform(len(images), (1 - strength, 1 + strength), generator)
    return images * per_image(factor, images)


def random_offset(images: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Add a grey between −s and s to each image."""
    offset = uniform(len(images), (-strength, strength), generator)
    return images + per_image(offset, images)
