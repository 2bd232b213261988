"""Random brightness: scales all greys, or adds to them."""

from __future__ import annotations

from torch import Tensor

from medssl.views.randomness import Draws, per_image


def random_brightness(images: Tensor, strength: float, draws: Draws) -> Tensor:
    """Multiply each image by a factor between 1−s and 1+s."""
    factor = draws.uniform((1 - strength, 1 + strength))
    return images * per_image(factor, images)


def random_offset(images: Tensor, strength: float, draws: Draws) -> Tensor:
    """Add a grey between −s and s to each image."""
    offset = draws.uniform((-strength, strength))
    return images + per_image(offset, images)
