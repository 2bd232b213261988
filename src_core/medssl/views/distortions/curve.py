"""Non-linear intensity: greys follow a random cubic Bézier curve."""

from __future__ import annotations

import torch
from torch import Tensor

from medssl.views.randomness import Draws

SAMPLES = 256


def bend_intensity(images: Tensor, draws: Draws) -> Tensor:
    """Send the greys of each image through a curve from 0 or 1 to the other end.

    The curve is ``(1−t)³·p0 + 3(1−t)²t·p1 + 3(1−t)t²·p2 + t³·p3`` with ``p0 = (0, 0)``, ``p3 =
    (1, 1)`` and two random points; half of the curves rise, the others fall: bright becomes dark.

    Parameters
    ----------
    images
        ``(B, C, *spatial)``, values 0 to 1.
    draws
        Random numbers.

    References
    ----------
    Z. Zhou et al., Models Genesis, arXiv 2004.07882.
    """
    x, y = bezier_curves(draws.fractions(2, 2))
    rising = draws.chance(0.5)[:, None]
    y = torch.where(rising, y, y.flip(1))
    x, y = x.to(images).contiguous(), y.to(images)
    greys = images.clamp(0, 1).flatten(1)
    after = torch.searchsorted(x, greys).clamp(1, SAMPLES - 1)
    left, right = x.gather(1, after - 1), x.gather(1, after)
    weight = ((greys - left) / (right - left).clamp(min=1e-6)).clamp(0, 1)
    return torch.lerp(y.gather(1, after - 1), y.gather(1, after), weight).reshape(images.shape)


def bezier_curves(inner: Tensor) -> tuple[Tensor, Tensor]:
    """Return ``x`` and ``y``, both rising, of curves drawn to inner points ``(B, 2, 2)``."""
    t = torch.linspace(0, 1, SAMPLES)
    first, second = inner[:, 0, :, None], inner[:, 1, :, None]
    curve = 3 * (1 - t) ** 2 * t * first + 3 * (1 - t) * t**2 * second + t**3
    return curve[:, 0], curve[:, 1]
