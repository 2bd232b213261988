"""Smooth random displacement: anatomy that differs a little in shape."""

from __future__ import annotations

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor
from torch.nn import functional as F

from medssl.views.randomness import Draws

NODES_ACROSS = 32


class ElasticSettings(BaseModel):
    """How strongly and how finely a view is bent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    amplitude: float = Field(
        default=0.02,
        ge=0,
        le=0.1,
        description="Typical displacement, as a share of the side (standard deviation).",
    )
    nodes: int = Field(
        default=5, ge=2, le=16, description="Independent displacements along each side."
    )


def random_displacement(
    view_size: tuple[int, ...],
    canvas: tuple[int, ...],
    settings: ElasticSettings,
    draws: Draws,
) -> Tensor:
    """Draw displacements ``(B, ndim, *lattice)`` in canvas voxels; the lattice spans the view.

    Few random nodes are spread with cubic (2-D) or twice linear (3-D) interpolation. The
    amplitude is limited so that the displacement stays invertible.
    """
    ndim = len(view_size)
    coarse = draws.normal(ndim, *([settings.nodes] * ndim))
    limit = 0.35 / settings.nodes
    relative = (coarse * settings.amplitude).clamp(-limit, limit)
    lattice = tuple(max(2, min(size, NODES_ACROSS)) for size in view_size)
    if ndim == 2:
        smooth = F.interpolate(relative, lattice, mode="bicubic", align_corners=False)
    else:
        middle = tuple(max(2, (side + settings.nodes) // 2) for side in lattice)
        smooth = F.interpolate(relative, middle, mode="trilinear", align_corners=False)
        smooth = F.interpolate(smooth, lattice, mode="trilinear", align_corners=False)
    scale = torch.tensor(canvas, dtype=torch.float32).reshape(1, ndim, *([1] * ndim))
    return smooth * scale
