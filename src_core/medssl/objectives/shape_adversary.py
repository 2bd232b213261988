"""Adversarial learning of a shape: a cluster's map shall look like masks of other images."""

from __future__ import annotations

import math
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from medssl.errors import SettingsError
from medssl.nets import DenseNet
from medssl.nets.discriminator import PatchDiscriminator
from medssl.objectives.adversarial import discriminator_loss, fooled_loss
from medssl.objectives.base import ObjectiveResult, Outputs
from medssl.objectives.finite import all_finite
from medssl.objectives.gather import average_gradients, mean_across_processes
from medssl.objectives.learning import LearningObjective
from medssl.objectives.shape_inside import SHAPE, enough_inside, shape_map
from medssl.objectives.shapes import ShapeMasks
from medssl.views.dense import DenseViews

_LEAST = 1e-4


class ShapeAdversarySettings(BaseModel):
    """Weight, discriminator and its optimiser, and which masks it knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["shape_adversary"] = "shape_adversary"
    weight: float = Field(default=1.0, ge=0, description="Weight in the sum of losses.")
    masks: str = Field(description="Hash of the masks of the shape.")
    noise: float = Field(
        default=0.1, ge=0, description="Standard deviation of noise on all that is judged."
    )
    area: float = Field(
        default=1.0,
        ge=0,
        description="Weight of how far the shape's share of a batch is from the masks', beyond a "
        "factor of 2.",
    )
    widths: tuple[int, int, int, int] = Field(
        default=(32, 64, 64, 128), description="Channels of the discriminator's convolutions."
    )
    lr: float = Field(default=2e-4, gt=0, description="The discriminator's learning rate.")
    betas: tuple[float, float] = Field(default=(0.5, 0.99), description="Of its Adam.")


class ShapeAdversary(LearningObjective):
    """Least-squares adversary on maps of a shape [1]_, [2]_.

    With the discriminator ``D``, masks ``m`` that belong to none of the images, and the map
    ``A`` of the first cluster:

        net            L   = mean (D(A) − 1)²
        discriminator  L_D = ½ [ mean (D(m) − 1)² + mean (D(stopgrad A))² ]

    The paper's discriminator judges a whole map by cross-entropy; this one judges patches of it
    by least squares, which trains with crops and few steps. Noise is added to masks and maps, so
    that the difference between 0 or 1 and what lies between is not all that there is to see.

    A net that begins with a map of nearly everything, or nothing, is one that ``D`` soon tells for
    certain, and learns nothing from it. So the map's share of a batch is held within a factor of
    2 of the masks' share: ``max(0, |ln share − ln share of the masks| − ln 2)²`` is added.

    Parameters
    ----------
    settings
        Discriminator and its optimiser.

    References
    ----------
    .. [1] H. Chen et al., Unsupervised Local Discrimination for Medical Images,
       arXiv 2108.09440, shape-guided cross-modality segmentation.
    .. [2] X. Mao et al., Least Squares Generative Adversarial Networks, arXiv 1611.04076.
    """

    def __init__(self, settings: ShapeAdversarySettings) -> None:
        super().__init__()
        self.settings = settings
        self._shapes: ShapeMasks | None = None

    def attach(self, net: DenseNet) -> None:
        """Build the discriminator and its optimiser."""
        self.discriminator = PatchDiscriminator(net.architecture.ndim, 1, self.settings.widths)
        device = next(net.parameters()).device
        self.discriminator.requires_grad_(False).to(device)
        self.own_optimiser = torch.optim.Adam(
            self.discriminator.parameters(), lr=self.settings.lr, betas=self.settings.betas
        )
        self._stride = net.stride
        assert net.cluster_head is not None
        self._favour = net.cluster_head.favour  # no part of what this objective learns

    def show(self, shapes: ShapeMasks) -> None:
        """Give it the masks.

        Raises
        ------
        SettingsError
            If they are others than those of the settings.
        """
        if shapes.digest != self.settings.masks:
            raise SettingsError(
                "the masks of the shape are others than this training began with. Put them back, "
                "or name another run folder."
            )
        self._shapes = shapes
        self._favour(SHAPE, min(0.9, max(_LEAST, shapes.share)))

    def forward(self, views: DenseViews, outputs: Outputs, stride: int) -> ObjectiveResult:
        """Loss of a batch; the assignment is used."""
        shape, inside = shape_map(views, outputs, stride)
        judged = self.discriminator(self._noisy(shape[enough_inside(inside)]))
        share = shape.sum() / inside.sum().clamp(min=1)
        loss = fooled_loss(judged)
        if self._shapes is not None:
            loss = loss + self.settings.area * beyond_twice(share, self._shapes.share)
        return ObjectiveResult(mean_across_processes(loss), {"shape_share": share.detach()})

    def after_step(self, views: DenseViews, outputs: Outputs) -> dict[str, Tensor]:
        """Let the discriminator take a step on masks, and on the maps it was shown."""
        assert self.own_optimiser is not None
        if self._shapes is None:
            raise SettingsError("the adversary of a shape was given no masks of it")
        shape, inside = shape_map(views, outputs, self._stride)
        maps = shape[enough_inside(inside)].detach()
        masks = self._shapes.draw(len(maps), tuple(maps.shape[2:])).to(maps.device)
        self.discriminator.requires_grad_(True)
        real, made = (self.discriminator(self._noisy(one)) for one in (masks, maps))
        loss = discriminator_loss(real, made)
        self.own_optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        average_gradients(self.discriminator.parameters())
        if all_finite(loss, self.discriminator.parameters()):
            self.own_optimiser.step()
        self.discriminator.requires_grad_(False)
        return {"discriminator": mean_across_processes(loss.detach())}

    def _noisy(self, maps: Tensor) -> Tensor:
        if not self.training or self.settings.noise == 0:
            return maps
        return maps + self.settings.noise * torch.randn_like(maps)


def beyond_twice(share: Tensor, wanted: float) -> Tensor:
    """Return the squared distance of two shares in logarithms, beyond a factor of 2.

    Examples
    --------
    >>> float(beyond_twice(torch.tensor(0.19), 0.1))
    0.0
    >>> bool(beyond_twice(torch.tensor(0.3), 0.1) > 0.1)
    True
    """
    away = (share.clamp(min=_LEAST).log() - math.log(max(wanted, _LEAST))).abs()
    return (away - math.log(2)).clamp(min=0).square()
