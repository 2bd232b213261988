"""What is done to an image that is to be restored: one draw an image."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from medssl.views.distortions.curve import bend_intensity
from medssl.views.distortions.cut_out import cut_out, outer_cut_out
from medssl.views.distortions.shuffle import shuffle_locally
from medssl.views.distortions.swap import swap_patches
from medssl.views.randomness import Draws, per_image

MOST_BLOCKS = 10
STOP = 0.1
CUT_OUT_SIDES = (0.045, 0.31)
OUTER_SIDES = (0.69, 0.78)
SWAP_SIDES = (0.045, 0.067)
PAINTED_BLOCKS = 5
PAINTING_STOP = 0.05
IN_PAINTED_SIDES = (1 / 6, 1 / 3)
OUT_PAINTED_SIDES = (3 / 7, 4 / 7)
SHUFFLED_SIDE = 0.1


class PictureDistortion(BaseModel):
    """DiRA's distortion: one of cut-out, outer cut-out, patch swap, or none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["picture"] = "picture"
    cut_out: float = Field(default=0.3, ge=0, le=1, description="Share of views with cut-out.")
    outer: float = Field(default=0.05, ge=0, le=1, description="Share with outer cut-out.")
    swap: float = Field(default=0.3, ge=0, le=1, description="Share with swapped patches.")


class VolumeDistortion(BaseModel):
    """Models Genesis' distortion: intensity curve, local shuffling, in- or out-painting."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["volume"] = "volume"
    curve: float = Field(default=0.9, ge=0, le=1, description="Share with bent intensities.")
    shuffle: float = Field(default=0.5, ge=0, le=1, description="Share shuffled locally.")
    paint: float = Field(default=0.9, ge=0, le=1, description="Share painted over.")
    inner: float = Field(
        default=0.2, ge=0, le=1, description="Share of the painted ones whose inside is painted."
    )


Distortion = Annotated[PictureDistortion | VolumeDistortion, Field(discriminator="kind")]


def distort(images: Tensor, settings: PictureDistortion | VolumeDistortion, draws: Draws) -> Tensor:
    """Distort images ``(B, C, *spatial)``, values 0 to 1; what is left keeps its place.

    References
    ----------
    F. Haghighi et al., DiRA, arXiv 2204.10437; Z. Zhou et al., Models Genesis, arXiv 2004.07882.
    """
    if isinstance(settings, PictureDistortion):
        return _distort_pictures(images, settings, draws)
    return _distort_volumes(images, settings, draws)


def _distort_pictures(images: Tensor, settings: PictureDistortion, draws: Draws) -> Tensor:
    draw = draws.fractions(1)[:, 0]
    bounds = torch.tensor([settings.cut_out, settings.outer, settings.swap]).cumsum(0)
    kind = torch.searchsorted(bounds, draw, right=True)
    changed = (
        cut_out(images, MOST_BLOCKS, CUT_OUT_SIDES, STOP, "grey", draws),
        outer_cut_out(images, MOST_BLOCKS, OUTER_SIDES, STOP, "black", draws),
        swap_patches(images, MOST_BLOCKS, SWAP_SIDES, draws),
    )
    result = images
    for number, candidate in enumerate(changed):
        result = torch.where(_chosen(kind == number, images), candidate, result)
    return result


def _distort_volumes(images: Tensor, settings: VolumeDistortion, draws: Draws) -> Tensor:
    shuffled = shuffle_locally(images, SHUFFLED_SIDE, draws)
    images = torch.where(_chosen(draws.chance(settings.shuffle), images), shuffled, images)
    bent = bend_intensity(images, draws)
    images = torch.where(_chosen(draws.chance(settings.curve), images), bent, images)
    painted = draws.chance(settings.paint)
    inner = draws.chance(settings.inner)
    within = cut_out(images, PAINTED_BLOCKS, IN_PAINTED_SIDES, PAINTING_STOP, "noise", draws)
    around = outer_cut_out(images, PAINTED_BLOCKS, OUT_PAINTED_SIDES, PAINTING_STOP, "noise", draws)
    images = torch.where(_chosen(painted & inner, images), within, images)
    return torch.where(_chosen(painted & ~inner, images), around, images)


def _chosen(which: Tensor, images: Tensor) -> Tensor:
    return per_image(which.float(), images) > 0
