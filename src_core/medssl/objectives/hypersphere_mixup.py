"""Hypersphere mixup (stage 1 of local discrimination)."""

from __future__ import annotations

from typing import Literal

from torch import nn

from medssl.nets.blocks import unit_length
from medssl.objectives.base import ObjectiveResult, Outputs
from medssl.objectives.gather import across_processes
from medssl.objectives.instance_loss import InstanceLossSettings, instance_discrimination
from medssl.objectives.patch_discrimination import patch_rows
from medssl.views.pairs import PairViews
from medssl.views.randomness import per_image


class HypersphereMixupSettings(InstanceLossSettings):
    """Weight and temperature."""

    kind: Literal["hypersphere_mixup"] = "hypersphere_mixup"


class HypersphereMixup(nn.Module):
    """A patch of a mixed image belongs where the mixture of the patches' features lies [1]_.

    The target of a cell is ``normalise(w·v1 + (1−w)·v2)`` of the same cell of the pair's first
    views, without gradient; the loss is that of patch discrimination.

    Parameters
    ----------
    settings
        Weight and temperature.

    References
    ----------
    .. [1] H. Chen et al., Unsupervised Local Discrimination for Medical Images,
       arXiv 2108.09440, hypersphere mixup.
    """

    def __init__(self, settings: HypersphereMixupSettings) -> None:
        super().__init__()
        self.settings = settings

    def forward(self, views: PairViews, outputs: Outputs, stride: int) -> ObjectiveResult:  # noqa: ARG002
        """Loss of a batch; the patch features of ``views.images`` are used."""
        cells = outputs.patches
        assert cells is not None
        pairs = len(views.mix)
        one, other = cells[:pairs].detach(), cells[pairs : 2 * pairs].detach()
        weight = per_image(views.mix, one)
        target = unit_length(weight * one + (1 - weight) * other)
        mixed = across_processes(patch_rows(cells[4 * pairs :]))
        wanted = across_processes(patch_rows(target))
        loss = instance_discrimination(mixed, wanted, self.settings.temperature)
        agreement = (mixed.detach() * wanted).sum(1).mean()
        return ObjectiveResult(loss, {"mix_similarity": agreement})
