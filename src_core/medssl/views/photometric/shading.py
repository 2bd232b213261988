"""Random shading: greys that vary slowly over the image, as coils, heels and tubes make."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from medssl.views.randomness import Draws

NODES = 4


def random_shading(images: Tensor, strength: float, draws: Draws) -> Tensor:
    """Add a smooth random field with the given standard deviation at its nodes."""
    sizes = images.shape[2:]
    nodes = draws.normal(1, *([NODES] * len(sizes))) * strength
    mode = "bicubic" if len(sizes) == 2 else "trilinear"
    nodes = nodes.to(images.device, images.dtype)
    return images + F.interpolate(nodes, tuple(sizes), mode=mode, align_corners=False)
