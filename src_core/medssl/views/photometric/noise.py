"""Random noise of random strength."""

from __future__ import annotations

import torch
from torch import Tensor

from medssl.views.randomness import per_image, uniform


def random_noise(images: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Add normal noise with a standard deviation between 0 and `strength` to each image.

    The noise is made on the images' device from a seed that `generator` draws.
    """
    deviation = uniform(len(images), (0.0, strength), generator)
    seed = int(torch.randint(2**31, (1,), generator=generator))
    own = torch.Generator(images.device).manual_seed(seed)
    noise = torch.randn(images.shape, generator=own, device=images.device, dtype=images.dtype)
    return images.addcmul(noise, per_image(deviation, images))
