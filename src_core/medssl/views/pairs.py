"""The paper's views: two of each image, one of them turned, and mixtures of image pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from medssl.views.affine import AffineSettings, plane_rotation
from medssl.views.batch import ImageBatch
from medssl.views.extent import Extent
from medssl.views.photometric import PhotometricSettings, change_intensity
from medssl.views.random_warp import random_warp
from medssl.views.randomness import Draws, per_image
from medssl.views.turn import random_turns
from medssl.views.warp import Fill, Warp

JITTER = PhotometricSettings(
    gamma=0.0,
    contrast=0.4,
    brightness=0.4,
    offset=0.0,
    shading=0.0,
    noise=0.0,
    saturation=0.4,
    hue=0.02,
    grey_probability=0.2,
)
"""Colour jitter of the paper."""

SLIGHT_CROP = AffineSettings(
    rotation_degrees=10.0, tilt_degrees=5.0, scale=(1.0, 1.054), stretch=0.0, shift=0.026
)
"""Random resized crop of 0.9 to 1 of the area; small rotation, no flips: upright anatomy."""


class PairViewSettings(BaseModel):
    """How the paper's views are made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["pairs"] = "pairs"
    affine: AffineSettings = Field(
        default=SLIGHT_CROP, description="Geometry that both views of an image share."
    )
    wobble_degrees: float = Field(
        default=2.0, ge=0, description="Largest rotation that each view has for itself."
    )
    photometric: PhotometricSettings = JITTER
    turn: bool = Field(
        default=True,
        description="Turn the second view by k·90° and flip it; its features are turned back.",
    )
    mix: tuple[float, float] = Field(
        default=(0.2, 0.8), description="Smallest and largest share of the first image in a mix."
    )
    reduction: float = Field(
        default=0.875, gt=0, le=1, description="Side of a view as a share of the canvas."
    )
    fill: Fill = Field(default="black", description="What is seen beyond an image's border.")


@dataclass(frozen=True)
class PairViews:
    """Views of ``2·B`` images, of which image ``b`` and ``b + B`` are a pair.

    Parameters
    ----------
    images
        ``(5·B, C, *view)``: ``2·B`` first views, ``2·B`` second views, ``B`` mixtures.
    turns
        ``(2·B, ndim, ndim)``: how each second view is turned, for `turn_back`.
    mix
        ``(B,)``: share of the pair's first image in the mixture.
    extent
        Where the images lie in the first and second views; None: they fill them.
    """

    images: Tensor
    turns: Tensor
    mix: Tensor
    extent: Extent | None = None

    @property
    def plain(self) -> int:
        """Number of views, from the first on, that show one image each: all but the mixtures."""
        return len(self.images) - len(self.mix)


def make_pair_views(
    batch: ImageBatch,
    settings: PairViewSettings,
    view_size: tuple[int, ...],
    draws: Draws,
) -> PairViews:
    """Make the five views of each pair: two an image and one mixture of the first views.

    The geometric transform of an image is shared, so that cell (i, j) of both views covers the
    same tissue once the second view's features are turned back; wobble and colours are not.
    """
    count, ndim = len(batch.images), batch.ndim
    shared = random_warp(batch, view_size, settings.affine, None, draws)
    turns = torch.eye(ndim).repeat(count, 1, 1)
    if settings.turn:
        turns = random_turns(ndim, tuple(range(-ndim, 0)), draws)
    views: list[Tensor] = []
    warps: list[Warp] = []
    for turn in (torch.eye(ndim).repeat(count, 1, 1), turns):
        limit = settings.wobble_degrees * torch.pi / 180
        angle = draws.uniform((-limit, limit))[:, 0]
        own = plane_rotation(angle, ndim, (-2, -1)) @ turn
        warp = Warp(shared.matrix @ own.to(shared.matrix), shared.centre, None, view_size)
        warps.append(warp)
        views.append(
            change_intensity(warp.apply(batch, settings.fill), settings.photometric, draws)
        )
    weight = draws.first(count // 2).uniform(settings.mix)[:, 0].to(batch.images.device)
    one, other = views[0].chunk(2)
    views.append(torch.lerp(other, one, per_image(weight, one)))
    return PairViews(torch.cat(views), turns, weight, Extent(tuple(warps), batch.shown()))
