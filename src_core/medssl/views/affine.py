"""Random rotation, scale, shift and flips, for pictures and volumes."""

from __future__ import annotations

import math

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from medssl.views.randomness import Draws


class AffineSettings(BaseModel):
    """How far a view is turned, scaled, shifted and flipped."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rotation_degrees: float = Field(
        default=15.0, ge=0, le=180, description="Largest rotation to either side, in-plane."
    )
    tilt_degrees: float = Field(
        default=10.0, ge=0, le=180, description="3-D: largest rotation about the in-plane axes."
    )
    scale: tuple[float, float] = Field(
        default=(0.8, 1.25), description="Smallest and largest magnification."
    )
    stretch: float = Field(
        default=0.08, ge=0, lt=1, description="Largest stretch of one axis against the others."
    )
    shift: float = Field(
        default=0.075, ge=0, le=1, description="Largest shift along each axis, share of the side."
    )
    flip_axes: tuple[int, ...] = Field(
        default=(),
        description="Array axes that may be flipped (-1 is left-right). None where left and "
        "right differ, as in the chest.",
    )


def random_matrices(ndim: int, settings: AffineSettings, draws: Draws) -> Tensor:
    """Draw matrices ``(B, ndim, ndim)`` in ``(z, y, x)`` that take a view to the image."""
    degrees = [settings.rotation_degrees] + [settings.tilt_degrees] * (2 if ndim == 3 else 0)
    planes = [(-2, -1), (-3, -1), (-3, -2)]
    matrix = torch.eye(ndim).repeat(len(draws), 1, 1)
    for limit, plane in zip(degrees, planes, strict=False):
        angle = draws.uniform((-limit, limit))[:, 0] * (math.pi / 180)
        matrix = matrix @ plane_rotation(angle, ndim, plane)
    low, high = (math.log(value) for value in settings.scale)
    size = draws.uniform((low, high))
    if settings.stretch > 0:
        size = size + draws.uniform((-settings.stretch, settings.stretch), ndim)
    matrix = matrix / size.exp()[:, None, :].expand(-1, ndim, -1)
    for axis in settings.flip_axes:
        flipped = draws.chance(0.5)
        matrix[:, :, axis] = torch.where(flipped[:, None], -matrix[:, :, axis], matrix[:, :, axis])
    return matrix


def random_shift(sizes: tuple[int, ...], settings: AffineSettings, draws: Draws) -> Tensor:
    """Draw shifts ``(B, ndim)`` in voxels."""
    relative = draws.uniform((-settings.shift, settings.shift), len(sizes))
    return relative * torch.tensor(sizes, dtype=torch.float32)


def plane_rotation(angle: Tensor, ndim: int, plane: tuple[int, int]) -> Tensor:
    """Return rotation matrices ``(B, ndim, ndim)`` by angles ``(B,)`` in radians in one plane."""
    matrix = torch.eye(ndim).repeat(len(angle), 1, 1)
    first, second = plane
    matrix[:, first, first] = matrix[:, second, second] = angle.cos()
    matrix[:, first, second] = angle.sin()
    matrix[:, second, first] = -angle.sin()
    return matrix
