"""Distorted views: aligned with what is to be restored, and each distortion as it is described."""

from __future__ import annotations

import pytest
import torch

from medssl.views import DistortedViewSettings, ImageBatch, make_distorted_views
from medssl.views.appearance import AppearanceSettings
from medssl.views.crops import CropSettings, random_crops
from medssl.views.distortions import PictureDistortion, VolumeDistortion, distort
from medssl.views.distortions.curve import bend_intensity, bezier_curves
from medssl.views.distortions.cut_out import cut_out, outer_cut_out
from medssl.views.distortions.shuffle import shuffle_locally
from medssl.views.distortions.swap import swap_patches
from medssl.views.randomness import Draws
from medssl.views.sampling import sample_at

UNCHANGED = AppearanceSettings(jitter_probability=0.0, blur_probability=0.0)
DISTORTIONS = {2: PictureDistortion(), 3: VolumeDistortion()}
VOLUME_CROPS = CropSettings(of="view", share=(0.6, 1.4), overlap=0.5, flip_axes=(-1, -2, -3))


def draws(count: int, seed: int = 0) -> Draws:
    return Draws.of(seed, range(count))


def batch_of(ndim: int, count: int = 4, side: int = 20) -> ImageBatch:
    """Smooth images somewhat smaller than the canvas."""
    axes = torch.meshgrid(*[torch.linspace(0, 1, side)] * ndim, indexing="ij")
    image = sum(axis * (number + 1) for number, axis in enumerate(axes)) / (ndim + 1)
    images = (image / image.max()).repeat(count, 1, *[1] * ndim)
    return ImageBatch(
        images,
        torch.ones(count, ndim),
        torch.full((count, ndim), float(side - 2)),
        torch.arange(count),
    )


def settings_of(ndim: int, **values: object) -> DistortedViewSettings:
    crops = CropSettings(flip_axes=(-1,)) if ndim == 2 else VOLUME_CROPS
    return DistortedViewSettings(size=(16, 12, 8)[:ndim], **({"crops": crops} | values))


@pytest.mark.parametrize("ndim", [2, 3])
def test_undistorted_views_are_their_targets(ndim: int) -> None:
    """Geometry, flips too, is on both sides alike: input and target differ in nothing."""
    batch = batch_of(ndim)
    views = make_distorted_views(batch, settings_of(ndim, appearance=UNCHANGED), batch.draws(1))
    assert views.images.shape == (8, 1, *(16, 12, 8)[:ndim])
    assert torch.equal(views.images, views.targets)


@pytest.mark.parametrize("ndim", [2, 3])
def test_what_is_not_painted_over_stays_where_it_is(ndim: int) -> None:
    batch = batch_of(ndim)
    distortion = (
        PictureDistortion(cut_out=1.0, outer=0.0, swap=0.0)
        if ndim == 2
        else VolumeDistortion(curve=0.0, shuffle=0.0, paint=1.0, inner=1.0)
    )
    settings = settings_of(ndim, appearance=UNCHANGED, distortion=distortion)
    views = make_distorted_views(batch, settings, batch.draws(1))
    same = (views.images == views.targets).float().flatten(1).mean(1)
    assert (same < 1).any()
    assert (same > 0.3).all()


@pytest.mark.parametrize("ndim", [2, 3])
def test_points_show_the_same_place_in_both_targets(ndim: int) -> None:
    batch = batch_of(ndim)
    settings = settings_of(ndim, points=20, distortion=DISTORTIONS[ndim])
    views = make_distorted_views(batch, settings, batch.draws(2))
    first, second = views.targets.chunk(2)
    one, other = sample_at(first, views.points[0]), sample_at(second, views.points[1])
    inside = views.valid & ((views.places > 0.15) & (views.places < 0.85)).all(-1)
    assert inside.float().mean() > 0.2
    assert ((one - other)[..., 0].abs()[inside] < 0.08).all()


@pytest.mark.parametrize("ndim", [2, 3])
def test_views_follow_from_the_images_number_alone(ndim: int) -> None:
    batch = batch_of(ndim)
    settings = settings_of(ndim, distortion=DISTORTIONS[ndim])
    whole = make_distorted_views(batch, settings, batch.draws(5)).images.chunk(2)[0]
    part = ImageBatch(
        batch.images[2:], batch.origin[2:], batch.sizes[2:], batch.case[2:], None, (2, 3)
    )
    again = make_distorted_views(part, settings, part.draws(5)).images.chunk(2)[0]
    torch.testing.assert_close(whole[2:], again)


def test_second_crops_overlap_the_first_by_half() -> None:
    batch = batch_of(3, count=64, side=24)
    crops = CropSettings(of="view", share=(1.0, 1.0), aspect=1.0, overlap=0.5)
    first, second = random_crops(batch, (8, 8, 8), crops, draws(64))
    shared = (8 - (first.centre - second.centre).abs()).clamp(min=0).prod(1) / 8**3
    assert shared.min() >= 0.499
    assert shared.max() < 1


def test_crops_larger_than_the_image_lie_in_its_middle() -> None:
    batch = batch_of(2, side=6)
    first, _ = random_crops(batch, (16, 16), CropSettings(of="view", share=(1, 1)), draws(4))
    low, high = batch.shown()
    torch.testing.assert_close(first.centre, (low + high) / 2)


@pytest.mark.parametrize("ndim", [2, 3])
def test_swapping_and_shuffling_lose_no_voxel(ndim: int) -> None:
    images = torch.rand(3, 2, *(12, 10, 9)[:ndim])
    swapped = swap_patches(images, 5, (0.1, 0.3), draws(3))
    shuffled = shuffle_locally(images, 0.4, draws(3))
    assert not torch.equal(swapped, images)
    assert not torch.equal(shuffled, images)
    assert torch.equal(shuffled.flatten(2).sort(2).values, images.flatten(2).sort(2).values)
    assert set(swapped.flatten().tolist()) <= set(images.flatten().tolist())
    assert torch.equal(shuffled[:, 0] == images[:, 0], shuffled[:, 1] == images[:, 1])


def test_shuffling_stays_within_the_window() -> None:
    ramp = torch.arange(40.0).reshape(1, 1, 40, 1).expand(8, 1, 40, 40)
    moved = (shuffle_locally(ramp, 0.1, draws(8)) - ramp).abs().max()
    assert 0 < moved < 4


def test_outer_cut_out_keeps_the_windows() -> None:
    images = torch.rand(8, 1, 20, 20) + 0.1
    result = outer_cut_out(images, 3, (0.4, 0.5), 0.5, "black", draws(8))
    kept = result == images
    assert ((result == 0) | kept).all()
    assert (kept.flatten(1).float().mean(1) >= 0.15).all()


def test_blocks_of_cut_out_are_as_large_as_asked() -> None:
    images = torch.full((50, 1, 40, 40), 2.0)
    painted = cut_out(images, 10, (0.1, 0.2), 1.0, "grey", draws(50))[:, 0] != 2
    area = painted.flatten(1).sum(1)
    assert (area >= 16).all()
    assert (area <= 64).all()


def test_curves_lead_from_one_end_to_the_other() -> None:
    x, _ = bezier_curves(torch.rand(20, 2, 2))
    assert (x.diff(dim=1) >= 0).all()
    ramp = torch.linspace(0, 1, 50).reshape(1, 1, 5, 10).expand(40, 1, 5, 10)
    bent = bend_intensity(ramp, draws(40)).flatten(1)
    torch.testing.assert_close(bent[:, 0] + bent[:, -1], torch.ones(40), atol=1e-3, rtol=0)
    torch.testing.assert_close((bent[:, 0] - bent[:, -1]).abs(), torch.ones(40))
    rising = (bent.diff(dim=1) >= -1e-5).all(1)
    falling = (bent.diff(dim=1) <= 1e-5).all(1)
    assert (rising ^ falling).all()
    assert 0.25 < rising.float().mean() < 0.75


def test_shares_of_the_pictures_distortions() -> None:
    images = torch.rand(600, 1, 24, 24)
    changed = (distort(images, PictureDistortion(), draws(600)) != images).flatten(1).any(1)
    assert changed.float().mean() == pytest.approx(0.65, abs=0.06)
