"""Entropy of assignments (stage 2 of local discrimination)."""

from __future__ import annotations

import math
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from medssl.objectives.base import ObjectiveResult, Outputs
from medssl.objectives.regions import Regions, pixel_entropy
from medssl.views.dense import DenseViews
from medssl.views.pairs import PairViews

_EDGE = 1e-6


class AssignmentEntropySettings(BaseModel):
    """Weight."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["assignment_entropy"] = "assignment_entropy"
    weight: float = Field(default=0.1, ge=0, description="Weight in the sum of losses.")


class AssignmentEntropy(nn.Module):
    """A cell should belong to a cluster or not: the mean binary entropy of the shares [1]_, bits.

    Parameters
    ----------
    settings
        Weight.

    References
    ----------
    .. [1] H. Chen et al., Unsupervised Local Discrimination for Medical Images,
       arXiv 2108.09440, entropy of the clustering result.

    Examples
    --------
    >>> binary_entropy(torch.tensor([0.0, 0.5, 1.0])).tolist()
    [0.0, 1.0, 0.0]
    """

    def __init__(self, settings: AssignmentEntropySettings) -> None:
        super().__init__()
        self.settings = settings

    def forward(
        self, views: DenseViews | PairViews, outputs: Outputs, stride: int
    ) -> ObjectiveResult:
        """Loss of a batch; the assignment of the plain views is used."""
        regions = Regions.of(views, outputs, stride)
        loss = regions.mean(binary_entropy(regions.assignment).mean(-1))
        return ObjectiveResult(loss, {"pixel_entropy": pixel_entropy(regions)})


def binary_entropy(share: Tensor) -> Tensor:
    """Entropy of "belongs or not" in bits, elementwise: 0 at 0 and 1, 1 at 0.5.

    Shares are kept a little away from 0 and 1, where the slope is infinite.
    """
    p = share.clamp(_EDGE, 1 - _EDGE)
    entropy = -(p * p.log2() + (1 - p) * torch.log1p(-p) / math.log(2))
    return torch.where((share <= 0) | (share >= 1), 0.0, entropy)
