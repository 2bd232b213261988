"""Geometric views: points land where the pixels do, in 2-D and 3-D."""

from __future__ import annotations

import pytest
import torch

from medssl.views import DenseViewSettings, ImageBatch, make_dense_views
from medssl.views.affine import AffineSettings
from medssl.views.elastic import ElasticSettings
from medssl.views.photometric import PhotometricSettings
from medssl.views.random_warp import random_warp
from medssl.views.sampling import read_cells, sample_at, voxel_positions
from medssl.views.warp import Warp

NO_COLOUR = PhotometricSettings(gamma=0, contrast=0, offset=0, shading=0, noise=0)
SHAPES = {2: (48, 40), 3: (20, 24, 28)}


def batch_of(images: torch.Tensor) -> ImageBatch:
    count, ndim = len(images), images.ndim - 2
    sizes = torch.tensor(images.shape[2:]).float().expand(count, ndim)
    return ImageBatch(images, torch.zeros(count, ndim), sizes, torch.arange(count))


def ramp(ndim: int, count: int = 2) -> torch.Tensor:
    """Images whose values are their own positions: one channel an axis."""
    return voxel_positions(SHAPES[ndim]).movedim(-1, 0)[None].repeat(count, *[1] * (ndim + 1))


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_view_shows_what_its_points_say(ndim: int) -> None:
    batch = batch_of(ramp(ndim))
    generator = torch.Generator().manual_seed(1)
    affine = AffineSettings(scale=(1.1, 1.4), shift=0.0, rotation_degrees=8, tilt_degrees=5)
    warp = random_warp(batch, batch.canvas, affine, ElasticSettings(), batch.draws(1))
    view = warp.apply(batch, "edge")
    middle = torch.tensor(batch.canvas) / 2
    points = middle + (torch.rand(2, 50, ndim, generator=generator) - 0.5) * middle
    shown = sample_at(view, points)
    assert (shown - warp.to_canvas(points)).abs().max() < 0.05


@pytest.mark.parametrize("ndim", [2, 3])
def test_there_and_back(ndim: int) -> None:
    batch = batch_of(torch.rand(4, 1, *SHAPES[ndim]))
    generator = torch.Generator().manual_seed(2)
    affine = AffineSettings(flip_axes=(-1,), rotation_degrees=180)
    elastic = ElasticSettings()
    warp = random_warp(batch, batch.canvas, affine, elastic, batch.draws(2))
    points = torch.rand(4, 60, ndim, generator=generator) * torch.tensor(SHAPES[ndim])
    there_and_back = warp.to_view(warp.to_canvas(points))
    assert (there_and_back - points).abs().max() < 0.05


@pytest.mark.parametrize("ndim", [2, 3])
def test_dense_points_show_the_same_tissue(ndim: int) -> None:
    batch = batch_of(ramp(ndim, 3))
    settings = DenseViewSettings(photometric=NO_COLOUR, fill="edge", points=40)
    views = make_dense_views(batch, settings, batch.draws(3))
    first, second = views.images.chunk(2)
    a, b = sample_at(first, views.points[0]), sample_at(second, views.points[1])
    place = views.places * torch.tensor(SHAPES[ndim]) - 0.5
    assert views.valid.float().mean() > 0.8
    seen = views.valid
    assert (a - b)[seen].abs().max() < 0.5
    assert (a - place)[seen].abs().max() < 0.5


def test_points_lie_in_the_image_not_in_the_rest_of_the_canvas() -> None:
    images = torch.zeros(2, 1, 64, 64)
    origin, size = torch.tensor([16.0, 0.0]), torch.tensor([32.0, 64.0])
    batch = ImageBatch(images, origin.repeat(2, 1), size.repeat(2, 1), torch.arange(2))
    views = make_dense_views(batch, DenseViewSettings(), batch.draws(0))
    assert views.places.min() >= 0
    assert views.places.max() <= 1
    assert views.places[..., 0].std() > 0.2


@pytest.mark.parametrize(("fill", "beyond"), [("black", 0.0), ("edge", 1.0), ("mirror", 0.5)])
def test_fill(fill: str, beyond: float) -> None:
    """The image is 0.5 and has an edge of 1, on a canvas that it does not fill."""
    image = torch.zeros(1, 1, 32, 32)
    image[..., 8:24, 8:24] = 1.0
    image[..., 9:23, 9:23] = 0.5
    eight, sixteen = torch.full((1, 2), 8.0), torch.full((1, 2), 16.0)
    batch = ImageBatch(image, eight, sixteen, torch.zeros(1, dtype=torch.long))
    warp = Warp(torch.eye(2)[None], torch.full((1, 2), 15.5), None, (32, 32))
    view = warp.apply(batch, fill)
    assert view[0, 0, 16, 3] == pytest.approx(beyond, abs=1e-4)
    assert view[0, 0, 16, 16] == pytest.approx(0.5, abs=1e-4)


def test_cells_are_read_at_their_centres() -> None:
    cells = torch.arange(5.0).reshape(1, 1, 1, 5)
    centres = torch.tensor([[[1.5, 4 * i + 1.5] for i in range(5)]])
    assert read_cells(cells, centres, stride=4)[0, :, 0].tolist() == [0, 1, 2, 3, 4]


def test_same_seed_same_views() -> None:
    batch = batch_of(torch.rand(2, 1, 32, 32))
    one, two = (make_dense_views(batch, DenseViewSettings(), batch.draws(5)) for _ in range(2))
    assert torch.equal(one.images, two.images)
    assert torch.equal(one.points[1], two.points[1])
