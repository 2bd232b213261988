"""Random gamma: lifts or deepens the middle greys."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from medssl.views.randomness import per_image, uniform


def random_gamma(images: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Raise images ``(B, C, *spatial)`` in 0..1 to powers between 1/(1+s) and 1+s."""
    limit = math.log1p(strength)
    power = uniform(len(images), (-limit, limit), generator).exp()
    return images.clamp(min=1e-4) ** per_image(power, images)
