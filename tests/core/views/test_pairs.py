"""The paper's views: turned features come back, mixtures are mixtures."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from medssl.views import ImageBatch, PairViewSettings, make_pair_views
from medssl.views.affine import AffineSettings
from medssl.views.photometric import PhotometricSettings
from medssl.views.randomness import Draws
from medssl.views.turn import random_turns, turn_back

STILL = AffineSettings(rotation_degrees=0, tilt_degrees=0, scale=(1, 1), stretch=0, shift=0)
NO_COLOUR = PhotometricSettings(gamma=0, contrast=0, offset=0, shading=0, noise=0)


def make_batch(ndim: int, side: int, channels: int = 1) -> ImageBatch:
    images = torch.rand(8, channels, *[side] * ndim, generator=torch.Generator().manual_seed(0))
    sizes = torch.full((8, ndim), float(side))
    return ImageBatch(images, torch.zeros(8, ndim), sizes, torch.arange(8))


@pytest.mark.parametrize("ndim", [2, 3])
def test_turned_features_cover_the_same_tissue_again(ndim: int) -> None:
    settings = PairViewSettings(
        affine=STILL, wobble_degrees=0, photometric=NO_COLOUR, reduction=1.0
    )
    side = 16
    batch = make_batch(ndim, side)
    views = make_pair_views(batch, settings, (side,) * ndim, batch.draws(1))
    pool = F.avg_pool2d if ndim == 2 else F.avg_pool3d
    first, second = pool(views.images[:8], 4), pool(views.images[8:16], 4)
    assert not torch.allclose(first, second, atol=1e-3)
    torch.testing.assert_close(turn_back(second, views.turns), first, atol=1e-4, rtol=1e-4)


def test_all_turns_and_flips_occur() -> None:
    turns = random_turns(2, (-2, -1), Draws.of(0, range(200)))
    assert len({tuple(turn.flatten().round().tolist()) for turn in turns}) == 8


def test_the_mixture_mixes_the_first_views_of_a_pair() -> None:
    batch = make_batch(2, 32, channels=3)
    views = make_pair_views(batch, PairViewSettings(), (24, 24), batch.draws(1))
    assert views.images.shape == (20, 3, 24, 24)
    weight = views.mix[:, None, None, None]
    expected = weight * views.images[:4] + (1 - weight) * views.images[4:8]
    torch.testing.assert_close(views.images[16:], expected)
    assert ((views.mix >= 0.2) & (views.mix <= 0.8)).all()


def test_no_flip_of_the_first_view_unless_asked() -> None:
    """Left stays left: the views of a ramp still rise to the right."""
    ramp = torch.linspace(0, 1, 32).expand(8, 1, 32, 32).contiguous()
    sizes = torch.full((8, 2), 32.0)
    batch = ImageBatch(ramp, torch.zeros(8, 2), sizes, torch.arange(8))
    settings = PairViewSettings(photometric=NO_COLOUR, turn=False)
    views = make_pair_views(batch, settings, (24, 24), batch.draws(1))
    inner = views.images[:16, 0, 6:18, 6:18]
    assert (inner.diff(dim=-1) > 0).all()
