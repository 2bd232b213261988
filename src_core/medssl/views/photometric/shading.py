"""Random shading: greys that vary slowly over the image, as coils, heels and tubes make."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

NODES = 4


def random_shading(images: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Add a smooth random field with the given standard deviation at its nodes."""
    batch, _, *sizes = images.shape
    nodes = torch.randn(batch, 1, *([NODES] * len(sizes)), generator=generator) * strength
    mode = "bicubic" if len(sizes) == 2 else "trilinear"
    nodes = nodes.to(images.device, images.dtype)
    return images + F.interpolate(nodes, tuple(sizes), mode=mode, align_corners=False)
