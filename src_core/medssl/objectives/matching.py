"""Match points as the tool does later: among all cells of the other view or image."""

from __future__ import annotations

import math
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn import functional as F

from medssl.nets.blocks import unit_length
from medssl.objectives.base import ObjectiveResult, Outputs
from medssl.objectives.gather import sum_across_processes
from medssl.views.dense import DenseViews
from medssl.views.sampling import read_cells, voxel_positions

MOST_CELLS = 1 << 15
"""Cells that a point is looked for in; a map of more is pooled, which bounds the memory."""


class DenseMatchingSettings(BaseModel):
    """How sharply a point must be found again in the other view of its image."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["dense_matching"] = "dense_matching"
    weight: float = Field(default=1.0, ge=0, description="Weight in the sum of losses.")
    temperature: float = Field(default=0.07, gt=0, description="Temperature of the softmax.")
    sigma_cells: float = Field(
        default=1.0, gt=0, description="Width of the target, searched cells."
    )


class CrossImageMatchingSettings(BaseModel):
    """How sharply a point must be found in another image."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["cross_image_matching"] = "cross_image_matching"
    weight: float = Field(default=1.0, ge=0, description="Weight in the sum of losses.")
    temperature: float = Field(default=0.07, gt=0, description="Temperature of the softmax.")
    sigma_cells: float = Field(
        default=2.0, gt=0, description="Width of the target, searched cells."
    )


def heat_map_loss(
    vectors: Tensor,
    cells: Tensor,
    targets: Tensor,
    weight: Tensor,
    sigma: float,
    temperature: float,
) -> Tensor:
    """Divergence of the softmax over all cells from a Gaussian around the true place.

    Every cell of the map that is not the place is a negative: those nearby, which look alike,
    too.

    Parameters
    ----------
    vectors
        Unit vectors of the points ``(B, P, E)``.
    cells
        Unit vectors of the map to be searched ``(B, E, *cells)``.
    targets
        True places in it ``(B, P, ndim)``, in cells.
    weight
        ``(B, P)``; the loss is the weighted mean over all processes.
    sigma
        Width of the Gaussian, cells.
    temperature
        Of the softmax.
    """
    scores = torch.einsum("bpe,ben->bpn", vectors, cells.flatten(2)) / temperature
    grid = voxel_positions(tuple(cells.shape[2:]), cells.device).flatten(0, -2)
    distance2 = torch.cdist(targets, grid.expand(len(targets), -1, -1)) ** 2
    log_target = F.log_softmax(-distance2 / (2 * sigma**2), -1)
    divergence = (log_target.exp() * (log_target - F.log_softmax(scores, -1))).sum(-1)
    total = sum_across_processes(torch.stack([(divergence * weight).sum(), weight.sum()]))
    return total[0] / total[1].clamp(min=1)


class DenseMatching(nn.Module):
    """Find each point of one view in the other view of the same image, both ways.

    Parameters
    ----------
    settings
        Temperature and width.
    """

    def __init__(self, settings: DenseMatchingSettings) -> None:
        super().__init__()
        self.settings = settings

    def forward(self, views: DenseViews, outputs: Outputs, stride: int) -> ObjectiveResult:
        """Loss of a batch; the embedding of ``views.images`` is used."""
        first, second = outputs.cells.chunk(2)
        loss = _both_ways(first, second, views.points, views.valid.float(), stride, self.settings)
        return ObjectiveResult(loss, {})


class CrossImageMatching(nn.Module):
    """Find each point of one image in another image of the cohort, both ways.

    Where it lies there is a pseudo-label: an alignment of the two images that needed no
    training, or an earlier state of the net (`medssl.correspond`).

    Parameters
    ----------
    settings
        Temperature and width.
    """

    def __init__(self, settings: CrossImageMatchingSettings) -> None:
        super().__init__()
        self.settings = settings

    def forward(self, views: DenseViews, outputs: Outputs, stride: int) -> ObjectiveResult:
        """Loss of a batch; zero where the cohort has no second image."""
        if views.across is None:
            return ObjectiveResult(outputs.cells.sum() * 0.0, {})
        half = len(views.case) // 2
        first, second = outputs.cells.chunk(2)
        across = views.across
        loss = _both_ways(
            first[:half], second[half:], across.points, across.weight, stride, self.settings
        )
        return ObjectiveResult(loss, {})


def _both_ways(
    first: Tensor,
    second: Tensor,
    points: tuple[Tensor, Tensor],
    weight: Tensor,
    stride: int,
    settings: DenseMatchingSettings | CrossImageMatchingSettings,
) -> Tensor:
    factor = _reduction(tuple(first.shape[2:]))
    searched = stride * factor
    losses = [
        heat_map_loss(
            unit_length(read_cells(here, start, stride), dim=-1),
            _pool(there, factor),
            (end - (searched - 1) / 2) / searched,
            weight,
            settings.sigma_cells,
            settings.temperature,
        )
        for here, there, start, end in (
            (first, second, *points),
            (second, first, *reversed(points)),
        )
    ]
    return (losses[0] + losses[1]) / 2


def _reduction(cells: tuple[int, ...]) -> int:
    """Return the power of two that a map is reduced by to have few enough cells."""
    factor = 1
    while math.prod(cells) > MOST_CELLS * factor ** len(cells):
        factor *= 2
    return factor


def _pool(cells: Tensor, factor: int) -> Tensor:
    if factor == 1:
        return cells
    pool = F.avg_pool2d if cells.ndim == 4 else F.avg_pool3d
    return unit_length(pool(cells, factor, ceil_mode=True, count_include_pad=False))
