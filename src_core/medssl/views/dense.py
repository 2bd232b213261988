"""Two independently warped views of each image, with points that correspond."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from medssl.views.affine import AffineSettings
from medssl.views.batch import ImageBatch
from medssl.views.elastic import ElasticSettings
from medssl.views.photometric import PhotometricSettings, change_intensity
from medssl.views.random_warp import random_warp
from medssl.views.warp import Fill

CANDIDATES = 4


class DenseViewSettings(BaseModel):
    """How the two views of an image are made, and how many points link them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["dense"] = "dense"
    affine: AffineSettings = Field(default_factory=AffineSettings)
    elastic: ElasticSettings = Field(default_factory=ElasticSettings)
    photometric: PhotometricSettings = Field(default_factory=PhotometricSettings)
    fill: Fill = Field(default="black", description="What is seen beyond an image's border.")
    points: int = Field(default=96, ge=4, description="Corresponding points an image.")


@dataclass(frozen=True)
class DenseViews:
    """Two views of ``B`` images and ``P`` corresponding points in each.

    Parameters
    ----------
    images
        ``(2·B, C, *canvas)``: first all first views, then all second views; values 0..1.
    points
        Two tensors ``(B, P, ndim)``: where the points lie in the first and second view, voxels.
    places
        ``(B, P, ndim)``: where they lie in the image, 0 to 1 along each axis.
    valid
        ``(B, P)``: whether the point is seen in both views and lies in the image.
    case
        ``(B,)``: number of the case.
    """

    images: Tensor
    points: tuple[Tensor, Tensor]
    places: Tensor
    valid: Tensor
    case: Tensor


def make_dense_views(
    batch: ImageBatch, settings: DenseViewSettings, generator: torch.Generator
) -> DenseViews:
    """Warp each image twice and draw corresponding points.

    Points are drawn evenly over the part of the image on the canvas; those that both views show
    come first.
    """
    warps = [
        random_warp(batch, batch.canvas, settings.affine, settings.elastic, generator)
        for _ in range(2)
    ]
    views = [
        change_intensity(warp.apply(batch, settings.fill), settings.photometric, generator)
        for warp in warps
    ]
    count = settings.points * CANDIDATES
    low, high = batch.shown()
    relative = spread_points(len(batch.images), count, batch.ndim, generator).to(low)
    on_canvas = low[:, None] + relative * (high - low)[:, None]
    in_views = [warp.to_view(on_canvas) for warp in warps]
    last = torch.tensor(batch.canvas, device=low.device) - 1
    seen = torch.stack([((p >= 0) & (p <= last)).all(-1) for p in in_views]).all(0)
    order = torch.argsort(seen.int(), dim=1, descending=True, stable=True)[:, : settings.points]
    pick = order[..., None].expand(-1, -1, batch.ndim)
    return DenseViews(
        torch.cat(views),
        (in_views[0].gather(1, pick), in_views[1].gather(1, pick)),
        batch.relative(on_canvas.gather(1, pick)),
        seen.gather(1, order),
        batch.case,
    )


def spread_points(images: int, points: int, ndim: int, generator: torch.Generator) -> Tensor:
    """Draw places ``(B, P, ndim)`` between 0 and 1 that fill the space evenly.

    An additive lattice with a random offset an image and a random jitter a point, in random
    order.
    """
    root = _plastic_number(ndim)
    steps = torch.tensor([root ** -(axis + 1) for axis in range(ndim)], dtype=torch.float64)
    number = torch.stack([torch.randperm(points, generator=generator) for _ in range(images)])
    offset = torch.rand(images, 1, ndim, generator=generator, dtype=torch.float64)
    jitter = torch.rand(images, points, ndim, generator=generator, dtype=torch.float64)
    places = number[..., None] * steps + offset + jitter * float(points) ** (-1 / ndim)
    return torch.frac(places)


def _plastic_number(ndim: int) -> float:
    """Root of ``x^(n+1) = x + 1``, whose powers fill a square or cube most evenly."""
    value: float = 1.5
    for _ in range(40):
        value = float((1 + value) ** (1 / (ndim + 1)))
    return value
