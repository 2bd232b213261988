"""Dense discrimination: tell a point from all other points, from one view to the other."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn import functional as F

from medssl.nets.blocks import unit_length
from medssl.objectives.base import ObjectiveResult, Outputs
from medssl.objectives.gather import across_processes
from medssl.objectives.spread import embedding_spread
from medssl.views.dense import DenseViews
from medssl.views.sampling import read_cells


class DenseDiscriminationSettings(BaseModel):
    """Temperature, and which points are no negatives."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["dense_discrimination"] = "dense_discrimination"
    weight: float = Field(default=1.0, ge=0, description="Weight in the sum of losses.")
    temperature: float = Field(default=0.1, gt=0, description="Temperature of the softmax.")
    near: float = Field(
        default=0.06,
        ge=0,
        description="Points of the same image nearer than this share of the side are left out.",
    )
    similar_place: float = Field(
        default=0.3,
        ge=0,
        description="Points of other images at a place nearer than this share are left out.",
    )


class DenseDiscrimination(nn.Module):
    """Two-way InfoNCE over sampled corresponding points [1]_.

    Row ``i`` is a point in view 1; its positive is the same point in view 2, its negatives all
    other points in view 2 of the batch of all processes, but for those that may show the same
    tissue: near ones in the same image and those at a similar place in other images. Both
    directions are averaged.

    Parameters
    ----------
    settings
        Temperature and distances.

    References
    ----------
    .. [1] A. van den Oord et al., Representation Learning with Contrastive Predictive Coding,
       arXiv 1807.03748; the patch discrimination of arXiv 2108.09440 with points for patches.

    Examples
    --------
    >>> objective = DenseDiscrimination(DenseDiscriminationSettings())
    >>> a = torch.nn.functional.normalize(torch.randn(2, 8, 16), dim=-1)
    >>> places, valid = torch.rand(2, 8, 2), torch.ones(2, 8, dtype=torch.bool)
    >>> bool(objective.loss(a, a, places, valid, torch.arange(2)) < 1)
    True
    """

    def __init__(self, settings: DenseDiscriminationSettings) -> None:
        super().__init__()
        self.settings = settings

    def forward(self, views: DenseViews, outputs: Outputs, stride: int) -> ObjectiveResult:
        """Loss of a batch.

        Parameters
        ----------
        views
            The views and their points.
        outputs
            Of ``views.images``; the embedding is used.
        stride
            Voxels a cell.
        """
        first, second = outputs.cells.chunk(2)
        a = unit_length(read_cells(first, views.points[0], stride), dim=-1)
        b = unit_length(read_cells(second, views.points[1], stride), dim=-1)
        a, b, places, valid, case = (
            across_processes(values) for values in (a, b, views.places, views.valid, views.case)
        )
        loss = self.loss(a, b, places, valid, case)
        return ObjectiveResult(loss, self._watch(a.detach(), b.detach(), valid))

    def loss(self, a: Tensor, b: Tensor, places: Tensor, valid: Tensor, case: Tensor) -> Tensor:
        """Loss of unit vectors ``a`` and ``b``, ``(B, P, E)`` each, that correspond."""
        rows, columns = a.flatten(0, 1), b.flatten(0, 1)
        seen = valid.flatten()
        similarity = rows @ columns.T / self.settings.temperature
        similarity = similarity.masked_fill(self._left_out(places, seen, case), -torch.inf)
        target = torch.arange(len(rows), device=rows.device)
        both = F.cross_entropy(similarity, target, reduction="none") + F.cross_entropy(
            similarity.T, target, reduction="none"
        )
        return (both * seen).sum() / (2 * seen.sum().clamp(min=1))

    def _left_out(self, places: Tensor, seen: Tensor, case: Tensor) -> Tensor:
        """Which pairs of points ``(N, N)`` are neither positive nor negative."""
        points = places.flatten(0, 1)
        owner = case.repeat_interleave(places.shape[1])
        distance = torch.cdist(points, points)
        same = owner[:, None] == owner[None, :]
        limit = torch.where(same, self.settings.near, self.settings.similar_place)
        left_out = (distance < limit) | ~seen[:, None] | ~seen[None, :]
        return left_out.fill_diagonal_(False)

    @staticmethod
    def _watch(a: Tensor, b: Tensor, valid: Tensor) -> dict[str, Tensor]:
        seen = valid.flatten()
        agreement = (a * b).sum(-1).flatten()
        return {
            "positive_similarity": (agreement * seen).sum() / seen.sum().clamp(min=1),
            "spread": embedding_spread(a.flatten(0, 1)),
        }
