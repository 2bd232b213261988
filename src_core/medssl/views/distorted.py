"""Two crops of each image, changed in appearance and distorted, and what they were before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from medssl.views.appearance import AppearanceSettings, change_appearance
from medssl.views.batch import ImageBatch
from medssl.views.crops import CropSettings, random_crops
from medssl.views.dense import CANDIDATES, DenseViews, LinkedPoints, spread_points
from medssl.views.distortions import Distortion, distort
from medssl.views.extent import Extent
from medssl.views.randomness import Draws


class DistortedViewSettings(BaseModel):
    """How two crops of an image are made, and what is done to them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["distorted"] = "distorted"
    size: tuple[int, ...] = Field(
        default=(96, 96), min_length=2, max_length=3, description="Of a view, voxels, z y x."
    )
    crops: CropSettings = Field(default_factory=CropSettings)
    appearance: AppearanceSettings = Field(default_factory=AppearanceSettings)
    distortion: Distortion | None = Field(
        default=None, description="What is done after the change of appearance; empty: nothing."
    )
    points: int = Field(
        default=0, ge=0, description="Corresponding points an image, for dense objectives."
    )


@dataclass(frozen=True, kw_only=True)
class DistortedViews(DenseViews):
    """Views ``x̃ = P(T(x))`` of crops ``x``, two of each image.

    All that dense views have is here too, so that dense objectives can be learned beside.

    Parameters
    ----------
    targets
        ``(2·B, C, *view)``: the crops ``x`` themselves, of the same geometry as ``images``:
        restoring them undoes appearance and distortion, never a flip.
    word
        ``(B,)`` or None: number of the visual word that both views of an image show; negative:
        none.
    """

    targets: Tensor
    word: Tensor | None = None


def make_distorted_views(
    batch: ImageBatch, settings: DistortedViewSettings, draws: Draws
) -> DistortedViews:
    """Cut two crops of each image, and distort them.

    Geometry comes first, and the clean crop is what is then changed: input and target are
    aligned by construction.
    """
    warps = random_crops(batch, settings.size, settings.crops, draws)
    targets, images = [], []
    for warp in warps:
        target = warp.apply(batch, "black")
        changed = change_appearance(target, settings.appearance, draws)
        if settings.distortion is not None:
            changed = distort(changed, settings.distortion, draws)
        targets.append(target)
        images.append(changed)
    within = spread_points(settings.points * CANDIDATES, batch.ndim, draws).to(batch.images.device)
    last = torch.tensor(settings.size, device=within.device) - 1
    candidates = warps[0].to_canvas((within * last).float())
    linked = LinkedPoints.of(batch, warps, candidates, settings.points)
    return DistortedViews(
        images=torch.cat(images),
        targets=torch.cat(targets),
        word=batch.word,
        points=linked.in_views,
        places=batch.relative(linked.on_canvas),
        valid=linked.valid,
        case=batch.case,
        extent=Extent(warps, batch.shown()),
    )
