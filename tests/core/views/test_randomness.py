"""What an image meets does not depend on which other images are seen with it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from medssl.views import (
    DenseViewSettings,
    ImageBatch,
    PairViewSettings,
    make_dense_views,
    make_pair_views,
)
from medssl.views.pairs import JITTER
from medssl.views.photometric import PhotometricSettings
from medssl.views.randomness import Draws

BLURRED = PhotometricSettings(blur_sigma=2.0, blur_probability=0.7)


def part_of(batch: ImageBatch, rows: list[int]) -> ImageBatch:
    """Some images of a batch, as one of several processes sees them."""
    return ImageBatch(
        batch.images[rows], batch.origin[rows], batch.sizes[rows], batch.case[rows], None,
        tuple(rows),
    )  # fmt: skip


def make_batch(ndim: int, channels: int = 1) -> ImageBatch:
    side = 24 if ndim == 2 else 12
    images = torch.rand(8, channels, *[side] * ndim, generator=torch.Generator().manual_seed(0))
    sizes = torch.full((8, ndim), float(side))
    return ImageBatch(images, torch.zeros(8, ndim), sizes, torch.arange(8))


@pytest.mark.parametrize("ndim", [2, 3])
def test_dense_views_of_a_part_are_those_of_the_whole(ndim: int) -> None:
    batch, rows = make_batch(ndim), [1, 4, 6]
    settings = DenseViewSettings(points=12, photometric=BLURRED)
    whole = make_dense_views(batch, settings, batch.draws(9))
    part = part_of(batch, rows)
    views = make_dense_views(part, settings, part.draws(9))
    both = [*rows, *(row + 8 for row in rows)]
    torch.testing.assert_close(views.images, whole.images[both], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(views.points[1], whole.points[1][rows], atol=1e-4, rtol=1e-4)
    assert torch.equal(views.valid, whole.valid[rows])


@pytest.mark.parametrize("channels", [1, 3])
def test_pairs_of_a_part_are_those_of_the_whole(channels: int) -> None:
    """Images 1 and 5 are a pair, and 3 and 7."""
    batch, rows = make_batch(2, channels), [1, 3, 5, 7]
    settings = PairViewSettings(photometric=JITTER)
    whole = make_pair_views(batch, settings, (16, 16), batch.draws(9))
    part = part_of(batch, rows)
    views = make_pair_views(part, settings, (16, 16), part.draws(9))
    chosen = [*rows, *(row + 8 for row in rows), 16 + 1, 16 + 3]
    torch.testing.assert_close(views.images, whole.images[chosen], atol=1e-5, rtol=1e-5)
    assert torch.equal(views.mix, whole.mix[[1, 3]])


def test_steps_and_images_draw_different_numbers() -> None:
    batch = make_batch(2)
    one, other = (batch.draws(seed).fractions(3) for seed in (0, 1))
    assert len(torch.unique(torch.cat([one, other]))) == 48
    again = replace(batch, numbers=tuple(range(8, 16))).draws(0).fractions(3)
    assert not torch.isin(again, one).any()


def test_numbers_are_distributed_as_they_should_be() -> None:
    draws = Draws.of(0, range(4000))
    uniform = draws.uniform((2.0, 4.0))
    assert uniform.min() >= 2
    assert uniform.max() <= 4
    assert uniform.mean() == pytest.approx(3.0, abs=0.05)
    assert draws.chance(0.3).float().mean() == pytest.approx(0.3, abs=0.03)
    assert torch.bincount(draws.below(4)).min() > 850
    normal = draws.normal(20)
    assert normal.mean() == pytest.approx(0.0, abs=0.02)
    assert normal.std() == pytest.approx(1.0, abs=0.02)
    assert draws.permutations(5).sort(1).values.eq(torch.arange(5)).all()
