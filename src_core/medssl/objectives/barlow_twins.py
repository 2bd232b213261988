"""Barlow Twins: the features of two views agree channel by channel, and channels do not repeat."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from medssl.nets import DenseNet
from medssl.nets.blocks import unit_length
from medssl.objectives.base import ObjectiveResult, Outputs
from medssl.objectives.gather import across_processes
from medssl.objectives.learning import LearningObjective, mlp, pooled
from medssl.objectives.spread import embedding_spread
from medssl.views.distorted import DistortedViews

_TINY = 1e-5


class BarlowTwinsSettings(BaseModel):
    """Projector and trade-off; the published values are the defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["barlow_twins"] = "barlow_twins"
    weight: float = Field(default=1.0, ge=0, description="Weight in the sum of losses.")
    redundancy: float = Field(
        default=0.0051, ge=0, description="Weight of the entries off the diagonal."
    )
    channels: int = Field(default=8192, ge=2, description="Width of the projector's three layers.")


class BarlowTwins(LearningObjective):
    """Cross-correlation of two views near the identity [1]_.

    With ``z1`` and ``z2`` ``(B, D)``, each channel brought to mean 0 and deviation 1 over the batch
    of all processes, and ``C = z1ᵀ z2 / B``:

        L = Σ_i (1 − C_ii)² + λ Σ_i Σ_{j≠i} C_ij²                        λ = 0.0051

    It is 0 for equal views of white channels.

    Parameters
    ----------
    settings
        Projector and trade-off.

    References
    ----------
    .. [1] J. Zbontar et al., Barlow Twins, arXiv 2103.03230.

    Examples
    --------
    >>> objective = BarlowTwins(BarlowTwinsSettings())
    >>> white = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    >>> bool(objective.loss(white, white) < 1e-6)
    True
    """

    def __init__(self, settings: BarlowTwinsSettings) -> None:
        super().__init__()
        self.settings = settings

    def attach(self, net: DenseNet) -> None:
        """Build the projector: three linear layers, batch norm and ReLU after the first two."""
        width = self.settings.channels
        self.projector = mlp(net.architecture.widths[-1], width, width, width, norm=True)

    def forward(self, views: DistortedViews, outputs: Outputs, stride: int) -> ObjectiveResult:  # noqa: ARG002
        """Loss of a batch; the deepest maps ``(2·B, C, *cells)`` are used."""
        assert outputs.deepest is not None
        first, second = (
            across_processes(self.projector(pooled(half))) for half in outputs.deepest.chunk(2)
        )
        loss = self.loss(first, second)
        spread = embedding_spread(unit_length(first.detach()))
        return ObjectiveResult(loss, {"image_spread": spread})

    def loss(self, first: Tensor, second: Tensor) -> Tensor:
        """Loss of features ``(B, D)`` of two views."""
        correlation = _standardised(first).T @ _standardised(second) / len(first)
        diagonal = torch.diagonal(correlation)
        own = (1 - diagonal).square().sum()
        others = correlation.square().sum() - diagonal.square().sum()
        return own + self.settings.redundancy * others


def _standardised(values: Tensor) -> Tensor:
    variance, mean = torch.var_mean(values, 0, correction=0, keepdim=True)
    return (values - mean) * torch.rsqrt(variance + _TINY**2)
