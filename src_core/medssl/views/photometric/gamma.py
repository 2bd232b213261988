"""Random gamma: lifts or deepens the middle greys."""

from __future__ import annotations

import math

from torch import Tensor

from medssl.views.randomness import Draws, per_image


def random_gamma(images: Tensor, strength: float, draws: Draws) -> Tensor:
    """Raise images ``(B, C, *spatial)`` in 0..1 to powers between 1/(1+s) and 1+s."""
    limit = math.log1p(strength)
    power = draws.uniform((-limit, limit)).exp()
    return images.clamp(min=1e-4) ** per_image(power, images)
