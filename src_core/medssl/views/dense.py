"""Two independently warped views of each image, with points that correspond."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from medssl.views.affine import AffineSettings, random_matrices, random_shift
from medssl.views.batch import ImageBatch
from medssl.views.elastic import ElasticSettings, random_displacement
from medssl.views.photometric import PhotometricSettings, change_intensity
from medssl.views.warp import Fill, Warp


class DenseViewSettings(BaseModel):
    """How the two views of an image are made, and how many points link them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["dense"] = "dense"
    affine: AffineSettings = Field(default_factory=AffineSettings)
    elastic: ElasticSettings = Field(default_factory=ElasticSettings)
    photometric: PhotometricSettings = Field(default_factory=PhotometricSettings)
    fill: Fill = Field(default="edge", description="What is seen beyond an image's border.")
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

    The points are spread evenly and at random over the first view, taken to the image and from
    there into the second view.
    """
    warps = [random_warp(batch, settings, generator) for _ in range(2)]
    views = [
        change_intensity(warp.apply(batch, settings.fill), settings.photometric, generator)
        for warp in warps
    ]
    first = _draw_points(len(batch.images), batch.canvas, settings.points, generator)
    first = first.to(batch.images.device)
    on_canvas = warps[0].to_canvas(first)
    second = warps[1].to_view(on_canvas)
    places = batch.relative(on_canvas)
    size = torch.tensor(batch.canvas, device=second.device)
    seen = ((second >= 0) & (second <= size - 1)).all(-1)
    low, high = batch.shown()
    inside = ((on_canvas >= low[:, None]) & (on_canvas <= high[:, None])).all(-1)
    return DenseViews(torch.cat(views), (first, second), places, seen & inside, batch.case)


def random_warp(batch: ImageBatch, settings: DenseViewSettings, generator: torch.Generator) -> Warp:
    """Draw one warp an image; the view has the size of the canvas."""
    count, device = len(batch.images), batch.images.device
    matrix = random_matrices(count, batch.ndim, settings.affine, generator)
    shift = random_shift(count, batch.canvas, settings.affine, generator)
    displacement = None
    if settings.elastic.amplitude > 0:
        displacement = random_displacement(count, batch.canvas, settings.elastic, generator)
        displacement = displacement.to(device)
    low, high = batch.shown()
    return Warp(matrix.to(device), (low + high) / 2 + shift.to(device), displacement, batch.canvas)


def _draw_points(
    count: int, sizes: tuple[int, ...], points: int, generator: torch.Generator
) -> Tensor:
    """Draw points ``(B, P, ndim)`` in voxels: a low-discrepancy set with a random offset each."""
    ndim = len(sizes)
    golden = _plastic_number(ndim)
    steps = torch.tensor([golden ** -(axis + 1) for axis in range(ndim)], dtype=torch.float64)
    lattice = torch.arange(points, dtype=torch.float64)[:, None] * steps
    offset = torch.rand(count, 1, ndim, generator=generator, dtype=torch.float64)
    jitter = torch.rand(count, points, ndim, generator=generator, dtype=torch.float64)
    relative = (lattice + offset + jitter * points ** (-1 / ndim)) % 1.0
    extent = torch.tensor(sizes, dtype=torch.float64) - 1
    return (relative * extent).float()


def _plastic_number(ndim: int) -> float:
    """Root of ``x^(n+1) = x + 1``, whose powers fill a square or cube most evenly."""
    value = 1.5
    for _ in range(40):
        value = (1 + value) ** (1 / (ndim + 1))
    return value
