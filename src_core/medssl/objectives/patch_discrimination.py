"""Patch discrimination on a grid (stage 1 of local discrimination)."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from medssl.objectives.base import ObjectiveResult, Outputs
from medssl.objectives.gather import across_processes
from medssl.objectives.instance_loss import InstanceLossSettings, instance_discrimination
from medssl.objectives.spread import embedding_spread
from medssl.views.pairs import PairViews
from medssl.views.turn import turn_back


class PatchDiscriminationSettings(InstanceLossSettings):
    """Weight and temperature."""

    kind: Literal["patch_discrimination"] = "patch_discrimination"


class PatchDiscrimination(nn.Module):
    """Tell each patch of a grid from all others of the batch, in all processes [1]_.

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
        first = across_processes(patch_rows(cells[: 2 * pairs]))
        turned = cells[2 * pairs : 4 * pairs]
        second = across_processes(patch_rows(turn_back(turned, views.turns)))
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
