"""Adversarial learning: restored images shall look like real ones to a discriminator."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from medssl.nets import DenseNet
from medssl.nets.discriminator import PAPER_WIDTHS, PatchDiscriminator
from medssl.objectives.base import ObjectiveResult, Outputs
from medssl.objectives.finite import all_finite
from medssl.objectives.gather import average_gradients, mean_across_processes
from medssl.objectives.learning import LearningObjective
from medssl.views.dense import DenseViews
from medssl.views.distorted import DistortedViews


class AdversarialSettings(BaseModel):
    """Weight, discriminator and its optimiser; the published values are the defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["adversarial"] = "adversarial"
    weight: float = Field(default=0.001, ge=0, description="Weight in the sum of losses.")
    ramp: float = Field(
        default=0.1, ge=0, le=1, description="The weight rises from 0 over this share of a stage."
    )
    widths: tuple[int, int, int, int] = Field(
        default=PAPER_WIDTHS, description="Channels of the discriminator's convolutions."
    )
    lr: float = Field(default=2e-4, gt=0, description="The discriminator's learning rate.")
    betas: tuple[float, float] = Field(default=(0.5, 0.999), description="Of its Adam.")


class Adversarial(LearningObjective):
    """Least-squares adversary on restored images [1]_, [2]_.

    With the discriminator ``D``, a map over patches, clean crops ``x`` and restored ones ``x'``:

        net            L   = mean (D(x') − 1)²
        discriminator  L_D = ½ [ mean (D(x) − 1)² + mean (D(stopgrad x'))² ]

    The discriminator takes one step of its own after each step of the net. No gradient of ``L``
    reaches it, and none of ``L_D`` the net.

    Parameters
    ----------
    settings
        Discriminator and its optimiser.

    References
    ----------
    .. [1] F. Haghighi et al., DiRA, arXiv 2204.10437, adversarial learning.
    .. [2] X. Mao et al., Least Squares Generative Adversarial Networks, arXiv 1611.04076.

    Examples
    --------
    >>> float(fooled_loss(torch.zeros(2, 1, 4, 4)))
    1.0
    >>> float(discriminator_loss(torch.ones(2, 1, 4, 4), torch.zeros(2, 1, 4, 4)))
    0.0
    """

    def __init__(self, settings: AdversarialSettings) -> None:
        super().__init__()
        self.settings = settings

    def attach(self, net: DenseNet) -> None:
        """Build the discriminator and its optimiser."""
        architecture = net.architecture
        self.discriminator = PatchDiscriminator(
            architecture.ndim, architecture.in_channels, self.settings.widths
        )
        device = next(net.parameters()).device
        self.discriminator.requires_grad_(False).to(device)
        self.own_optimiser = torch.optim.Adam(
            self.discriminator.parameters(), lr=self.settings.lr, betas=self.settings.betas
        )

    def forward(self, views: DistortedViews, outputs: Outputs, stride: int) -> ObjectiveResult:  # noqa: ARG002
        """Loss of a batch; ``outputs.restored`` ``(2·B, C, *view)`` is used."""
        assert outputs.restored is not None
        loss = fooled_loss(self.discriminator(outputs.restored))
        return ObjectiveResult(mean_across_processes(loss))

    def after_step(self, views: DenseViews, outputs: Outputs) -> dict[str, Tensor]:
        """Let the discriminator take a step on what it was shown."""
        assert isinstance(views, DistortedViews)
        assert outputs.restored is not None
        assert self.own_optimiser is not None
        self.discriminator.requires_grad_(True)
        real = self.discriminator(views.targets)
        restored = self.discriminator(outputs.restored.detach())
        loss = discriminator_loss(real, restored)
        self.own_optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        average_gradients(self.discriminator.parameters())
        if all_finite(loss, self.discriminator.parameters()):
            self.own_optimiser.step()
        self.discriminator.requires_grad_(False)
        return {"discriminator": mean_across_processes(loss.detach())}


def fooled_loss(judged: Tensor) -> Tensor:
    """Loss of the net, from the discriminator's map of restored images."""
    return (judged - 1).square().mean()


def discriminator_loss(real: Tensor, restored: Tensor) -> Tensor:
    """Loss of the discriminator, from its maps of clean and of restored images."""
    return ((real - 1).square().mean() + restored.square().mean()) / 2
