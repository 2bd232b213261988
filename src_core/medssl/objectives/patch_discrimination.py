"""Patch discrimination on a grid (stage 1 of local discrimination)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from medssl.objectives.base import ObjectiveResult, Outputs
from medssl.objectives.instance_loss import instance_discrimination
from medssl.objectives.spread import embedding_spread
from medssl.views.pairs import PairViews
from medssl.views.turn import turn_back


class PatchDiscriminationSettings(BaseModel):
    """Weight and temperature."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["patch_discrimination"] = "patch_discrimination"
    weight: float = Field(default=1.0, ge=0, description="Weight in the sum of losses.")
    temperature: float = Field(default=0.1, gt=0, description="Temperature of the softmax.")


class PatchDiscrimination(nn.Module):
    """Tell each patch of a grid from all others of the batch [1]_.

    Patch features of both views of all images are the rows; a patch's partner is the same patch
    in the other view, once the second view's features are turned back.

    Parameters
    ----------
    settings
        Weight and temperature.

    References
    ----------
    .. [1] H. Chen et al., Unsupervised Local Discrimination for Medical Images,
       arXiv 2108.09440, patch discrimination.
    """

    def __init__(self, settings: PatchDiscriminationSettings) -> None:
        super().__init__()
        self.settings = settings

    def forward(self, views: PairViews, outputs: Outputs, stride: int) -> ObjectiveResult:  # noqa: ARG002
        """Loss of a batch; the patch features of ``views.images`` are used."""
        cells = outputs.patches
        assert cells is not None
        pairs = len(views.mix)
        first = patch_rows(cells[: 2 * pairs])
        second = patch_rows(turn_back(cells[2 * pairs : 4 * pairs], views.turns))
        loss = instance_discrimination(first, second, self.settings.temperature)
        known = first.detach()
        metrics = {
            "positive_similarity": (known * second.detach()).sum(1).mean(),
            "spread": embedding_spread(known),
        }
        return ObjectiveResult(loss, metrics)


def patch_rows(cells: Tensor) -> Tensor:
    """Lay features ``(B, E, *grid)`` out as rows ``(B·patches, E)``."""
    return cells.flatten(2).transpose(1, 2).flatten(0, 1)
