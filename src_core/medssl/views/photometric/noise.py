"""Random noise of random strength."""

from __future__ import annotations

from torch import Tensor

from medssl.views.randomness import Draws, per_image


def random_noise(images: Tensor, strength: float, draws: Draws) -> Tensor:
    """Add normal noise with a standard deviation between 0 and `strength` to each image."""
    deviation = draws.uniform((0.0, strength))
    return images.addcmul(draws.normal_like(images), per_image(deviation, images))
