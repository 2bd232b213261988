"""Region discrimination (stage 2 of local discrimination)."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from medssl.nets.blocks import unit_length
from medssl.objectives.base import ObjectiveResult, Outputs
from medssl.objectives.gather import across_processes
from medssl.objectives.regions import Regions, effective_clusters
from medssl.views.dense import DenseViews
from medssl.views.pairs import PairViews


class RegionDiscriminationSettings(BaseModel):
    """Weight and temperature."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["region_discrimination"] = "region_discrimination"
    weight: float = Field(default=10.0, ge=0, description="Weight in the sum of losses.")
    temperature: float = Field(default=0.2, gt=0, description="Temperature of the softmax.")


class RegionDiscrimination(nn.Module):
    """Each region of an image is told from the other regions by its mean over the images [1]_.

    With ``r_nk`` the feature of cluster ``k`` in view ``n`` and ``m_k = normalise(mean_n r_nk)``,
    the loss is ``−(1/nK) Σ_n Σ_k log softmax_j(r_nk · m_j / T)[k]``. Nothing is detached.

    Parameters
    ----------
    settings
        Weight and temperature.

    References
    ----------
    .. [1] H. Chen et al., Unsupervised Local Discrimination for Medical Images,
       arXiv 2108.09440, region discrimination.

    Examples
    --------
    >>> objective = RegionDiscrimination(RegionDiscriminationSettings())
    >>> apart, alike = torch.eye(3).repeat(2, 1, 1), torch.ones(2, 3, 3) / 3**0.5
    >>> bool(objective.loss(apart) < objective.loss(alike))
    True
    """

    def __init__(self, settings: RegionDiscriminationSettings) -> None:
        super().__init__()
        self.settings = settings

    def forward(
        self, views: DenseViews | PairViews, outputs: Outputs, stride: int
    ) -> ObjectiveResult:
        """Loss of a batch; embedding and assignment of the plain views are used."""
        regions = Regions.of(views, outputs, stride)
        loss = self.loss(across_processes(regions.features()))
        return ObjectiveResult(loss, {"effective_clusters": effective_clusters(regions)})

    def loss(self, features: Tensor) -> Tensor:
        """Loss of region features ``(V, K, E)``, unit length."""
        means = unit_length(features.mean(0), dim=-1)
        similarity = features @ means.T / self.settings.temperature
        return -torch.diagonal(similarity.log_softmax(-1), dim1=1, dim2=2).mean()
