"""Restoration: the image as it was before it was changed and distorted."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn import functional as F

from medssl.objectives.base import ObjectiveResult, Outputs
from medssl.objectives.gather import mean_across_processes
from medssl.views.distorted import DistortedViews


class RestorationSettings(BaseModel):
    """Weight."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["restoration"] = "restoration"
    weight: float = Field(default=10.0, ge=0, description="Weight in the sum of losses.")


class Restoration(nn.Module):
    """Mean squared error of the restored image: ``L = mean (x' − x)²`` [1]_.

    ``x`` is the clean crop, ``x' = g(f(x̃))`` what the net makes of the distorted one.

    Parameters
    ----------
    settings
        Weight.

    References
    ----------
    .. [1] F. Haghighi et al., DiRA, arXiv 2204.10437, restorative learning.

    Examples
    --------
    >>> import torch
    >>> objective = Restoration(RestorationSettings())
    >>> float(objective.loss(torch.zeros(2, 1, 8, 8), torch.full((2, 1, 8, 8), 0.5)))
    0.25
    """

    def __init__(self, settings: RestorationSettings) -> None:
        super().__init__()
        self.settings = settings

    def forward(self, views: DistortedViews, outputs: Outputs, stride: int) -> ObjectiveResult:  # noqa: ARG002
        """Loss of a batch; ``outputs.restored`` ``(2·B, C, *view)`` is used."""
        assert outputs.restored is not None
        loss = self.loss(outputs.restored, views.targets)
        return ObjectiveResult(mean_across_processes(loss))

    def loss(self, restored: Tensor, targets: Tensor) -> Tensor:
        """Loss of restored images against the clean ones, both ``(V, C, *view)``."""
        return F.mse_loss(restored.float(), targets.float())
