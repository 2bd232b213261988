"""Two independently warped views of each image, with points that correspond."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from medssl.views.affine import AffineSettings
from medssl.views.batch import ImageBatch
from medssl.views.elastic import ElasticSettings
from medssl.views.extent import Extent
from medssl.views.photometric import PhotometricSettings, change_intensity
from medssl.views.random_warp import random_warp
from medssl.views.randomness import Draws
from medssl.views.warp import Fill, Warp

CANDIDATES = 4

Carry = Callable[[int, int, Tensor], tuple[Tensor, Tensor]]
"""Carries voxels ``(P, ndim)`` of a case over to one of its partners: voxels and weights."""


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
class AcrossPoints:
    """Points of the first half of a batch, and where they lie in the partners, the second half.

    Parameters
    ----------
    points
        Two tensors ``(B/2, P, ndim)``: in the first views of the first half, and in the second
        views of the second half, voxels.
    weight
        ``(B/2, P)``: how far the pair is to be trusted; 0 where one of the views misses it.
    """

    points: tuple[Tensor, Tensor]
    weight: Tensor


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
    across
        Points that link images to their partners, where there are any.
    extent
        Where the images lie in the views; None: they fill them.
    """

    images: Tensor
    points: tuple[Tensor, Tensor]
    places: Tensor
    valid: Tensor
    case: Tensor
    across: AcrossPoints | None = None
    extent: Extent | None = None

    @property
    def plain(self) -> int:
        """Number of views, from the first on, that show one image each: all."""
        return len(self.images)


def make_dense_views(
    batch: ImageBatch,
    settings: DenseViewSettings,
    draws: Draws,
    carry: Carry | None = None,
) -> DenseViews:
    """Warp each image twice and draw corresponding points.

    With `carry` the points of the first half of the batch are also carried over to the second.

    Points are drawn evenly over the part of the image on the canvas; those that both views show
    come first.
    """
    warps = [
        random_warp(batch, batch.canvas, settings.affine, settings.elastic, draws) for _ in range(2)
    ]
    views = [
        change_intensity(warp.apply(batch, settings.fill), settings.photometric, draws)
        for warp in warps
    ]
    low, high = batch.shown()
    relative = spread_points(settings.points * CANDIDATES, batch.ndim, draws).to(low)
    candidates = low[:, None] + relative * (high - low)[:, None]
    linked = LinkedPoints.of(batch, (warps[0], warps[1]), candidates, settings.points)
    across = None
    if carry is not None and batch.choice is not None:
        across = _across(batch, linked.on_canvas, linked.in_views[0], warps[1], carry)
    return DenseViews(
        torch.cat(views),
        linked.in_views,
        batch.relative(linked.on_canvas),
        linked.valid,
        batch.case,
        across,
        Extent(tuple(warps), (low, high)),
    )


@dataclass(frozen=True)
class LinkedPoints:
    """Points on the canvas and in two views.

    Parameters
    ----------
    on_canvas
        ``(B, P, ndim)``, voxels.
    in_views
        Two tensors ``(B, P, ndim)``: voxels in the first and second view.
    valid
        ``(B, P)``: whether the point lies in the image and is seen in both views.
    """

    on_canvas: Tensor
    in_views: tuple[Tensor, Tensor]
    valid: Tensor

    @classmethod
    def of(
        cls, batch: ImageBatch, warps: tuple[Warp, Warp], candidates: Tensor, count: int
    ) -> LinkedPoints:
        """Choose `count` of the candidates on the canvas; those that both views show come first."""
        low, high = (limit[:, None] for limit in batch.shown())
        in_views = [warp.to_view(candidates) for warp in warps]
        last = torch.tensor(warps[0].view_size, device=low.device) - 1
        seen = torch.stack([((p >= 0) & (p <= last)).all(-1) for p in in_views]).all(0)
        seen = seen & ((candidates >= low - 0.5) & (candidates <= high + 0.5)).all(-1)
        order = torch.argsort(seen.int(), dim=1, descending=True, stable=True)[:, :count]
        pick = order[..., None].expand(-1, -1, batch.ndim)
        return cls(
            candidates.gather(1, pick),
            (in_views[0].gather(1, pick), in_views[1].gather(1, pick)),
            seen.gather(1, order),
        )


def _across(
    batch: ImageBatch, on_canvas: Tensor, in_first: Tensor, warp: Warp, carry: Carry
) -> AcrossPoints:
    """Carry the points of the first half over to the second views of the second half."""
    assert batch.choice is not None
    half = len(batch.choice)
    targets, weights = [], []
    for row in range(half):
        places = (on_canvas[row] - batch.origin[row]).cpu()
        carried, weight = carry(int(batch.case[row]), int(batch.choice[row]), places)
        targets.append(carried.to(on_canvas) + batch.origin[half + row])
        weights.append(weight.to(on_canvas))
    target, weight = torch.stack(targets), torch.stack(weights)
    low, high = batch.shown()
    there = ((target >= low[half:, None]) & (target <= high[half:, None])).all(-1)
    in_second = warp.to_view(torch.cat([target, target]))[half:]
    last = torch.tensor(batch.canvas, device=target.device) - 1
    seen = [((p >= 0) & (p <= last)).all(-1) for p in (in_first[:half], in_second)]
    return AcrossPoints((in_first[:half], in_second), weight * (there & seen[0] & seen[1]))


def spread_points(points: int, ndim: int, draws: Draws) -> Tensor:
    """Draw places ``(B, P, ndim)`` between 0 and 1 that fill the space evenly.

    An additive lattice with a random offset an image and a random jitter a point, in random
    order.
    """
    root = _plastic_number(ndim)
    steps = torch.tensor([root ** -(axis + 1) for axis in range(ndim)], dtype=torch.float64)
    number = draws.permutations(points)
    offset = draws.fractions(1, ndim, dtype=torch.float64)
    jitter = draws.fractions(points, ndim, dtype=torch.float64)
    places = number[..., None] * steps + offset + jitter * float(max(1, points)) ** (-1 / ndim)
    return torch.frac(places)


def _plastic_number(ndim: int) -> float:
    """Root of ``x^(n+1) = x + 1``, whose powers fill a square or cube most evenly."""
    value: float = 1.5
    for _ in range(40):
        value = float((1 + value) ** (1 / (ndim + 1)))
    return value
