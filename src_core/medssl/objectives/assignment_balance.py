"""How evenly clusters are used: ours, against clusters that hardly any cell belongs to."""

from __future__ import annotations

import math
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from medssl.objectives.base import ObjectiveResult, Outputs
from medssl.objectives.gather import sum_across_processes
from medssl.objectives.regions import Regions
from medssl.views.dense import DenseViews
from medssl.views.pairs import PairViews


class AssignmentBalanceSettings(BaseModel):
    """Weight."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["assignment_balance"] = "assignment_balance"
    weight: float = Field(default=1.0, ge=0, description="Weight in the sum of losses.")


class AssignmentBalance(nn.Module):
    """No cluster should hold most cells: ``log2 K`` less the entropy of the mean share, bits.

    Region discrimination does not see how many cells a cluster has, and the entropy is content
    with one for all. What both leave out is asked for here, as mutual information does [1]_.

    Parameters
    ----------
    settings
        Weight.

    References
    ----------
    .. [1] A. Krause et al., Discriminative Clustering by Regularized Information Maximization,
       NeurIPS 2010, class balance.

    Examples
    --------
    >>> imbalance(torch.tensor([0.25, 0.25, 0.25, 0.25])).item(), imbalance(torch.eye(4)[0]).item()
    (0.0, 2.0)
    """

    def __init__(self, settings: AssignmentBalanceSettings) -> None:
        super().__init__()
        self.settings = settings

    def forward(
        self, views: DenseViews | PairViews, outputs: Outputs, stride: int
    ) -> ObjectiveResult:
        """Loss of a batch; the assignment of the plain views is used."""
        regions = Regions.of(views, outputs, stride)
        inside = regions.inside[..., None]
        shares = sum_across_processes((regions.assignment * inside).sum((0, 1)))
        cells = sum_across_processes(inside.sum())
        return ObjectiveResult(imbalance(shares / cells.clamp(min=1)), {})


def imbalance(mean_share: Tensor) -> Tensor:
    """Return the bits that the mean shares ``(K,)`` of clusters lack to be all alike."""
    entropy = torch.special.entr(mean_share.clamp(min=1e-12)).sum() / math.log(2)
    lacking: Tensor = math.log2(len(mean_share)) - entropy
    return lacking
