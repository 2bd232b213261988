"""Random numbers for views, drawn on the processor so that every device gets the same ones."""

from __future__ import annotations

import torch
from torch import Tensor


def uniform(
    count: int, limits: tuple[float, float], generator: torch.Generator, width: int = 1
) -> Tensor:
    """Numbers ``(count, width)`` evenly distributed between the limits."""
    low, high = limits
    return torch.rand(count, width, generator=generator) * (high - low) + low


def chance(count: int, probability: float, generator: torch.Generator) -> Tensor:
    """Booleans ``(count,)``, true with the given probability."""
    return torch.rand(count, generator=generator) < probability


def per_image(values: Tensor, like: Tensor) -> Tensor:
    """Shape ``(B,)`` or ``(B, 1)`` values so that they multiply images ``(B, C, *spatial)``."""
    return values.reshape(-1, *([1] * (like.ndim - 1))).to(like.device, like.dtype)
