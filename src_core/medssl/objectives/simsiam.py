"""SimSiam: one view predicts the other, which carries no gradient."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from medssl.nets import DenseNet
from medssl.nets.blocks import unit_length
from medssl.objectives.base import ObjectiveResult, Outputs
from medssl.objectives.gather import across_processes, mean_across_processes
from medssl.objectives.learning import LearningObjective, mlp, pooled
from medssl.objectives.spread import embedding_spread
from medssl.views.distorted import DistortedViews


class SimsiamSettings(BaseModel):
    """Projector and predictor; the published values are the defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["simsiam"] = "simsiam"
    weight: float = Field(default=1.0, ge=0, description="Weight in the sum of losses.")
    channels: int = Field(default=2048, ge=2, description="Width of the projector's three layers.")
    bottleneck: int = Field(default=512, ge=1, description="Width of the predictor's middle.")


class Simsiam(LearningObjective):
    """Negative cosine between prediction and projection, both ways [1]_.

    With projections ``z`` and predictions ``p = h(z)`` ``(B, D)`` of the two views:

        L = −½ [ cos(p1, stopgrad z2) + cos(p2, stopgrad z1) ]

    The predictor's learning rate is constant.

    Parameters
    ----------
    settings
        Projector and predictor.

    References
    ----------
    .. [1] X. Chen and K. He, Exploring Simple Siamese Representation Learning, arXiv 2011.10566.

    Examples
    --------
    >>> import torch
    >>> objective = Simsiam(SimsiamSettings())
    >>> z = torch.eye(3)
    >>> float(objective.loss((z, z), (2 * z, z)))
    -1.0
    """

    def __init__(self, settings: SimsiamSettings) -> None:
        super().__init__()
        self.settings = settings

    def attach(self, net: DenseNet) -> None:
        """Build projector and predictor."""
        width, middle = self.settings.channels, self.settings.bottleneck
        inside = net.architecture.widths[-1]
        self.projector = mlp(inside, width, width, width, norm=True, last_norm=True)
        self.predictor = mlp(width, middle, width, norm=True)

    def steady_parameters(self) -> list[nn.Parameter]:
        """Return the predictor's parameters."""
        return list(self.predictor.parameters())

    def forward(self, views: DistortedViews, outputs: Outputs, stride: int) -> ObjectiveResult:  # noqa: ARG002
        """Loss of a batch; the deepest maps ``(2·B, C, *cells)`` are used."""
        assert outputs.deepest is not None
        halves = outputs.deepest.chunk(2)
        first, second = (self.projector(pooled(half)) for half in halves)
        loss = self.loss((self.predictor(first), self.predictor(second)), (first, second))
        loss = mean_across_processes(loss)
        spread = embedding_spread(across_processes(unit_length(first.detach())))
        return ObjectiveResult(loss, {"image_spread": spread})

    def loss(
        self, predictions: tuple[Tensor, Tensor], projections: tuple[Tensor, Tensor]
    ) -> Tensor:
        """Loss of predictions and projections ``(B, D)`` of two views."""
        agreement = [
            (unit_length(predicted) * unit_length(other.detach())).sum(1).mean()
            for predicted, other in zip(predictions, reversed(projections), strict=True)
        ]
        return -(agreement[0] + agreement[1]) / 2
