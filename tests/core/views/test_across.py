"""Points that link an image to its partner lie on the same tissue."""

from __future__ import annotations

import pytest
import torch

from medssl.views import DenseViewSettings, ImageBatch, make_dense_views
from medssl.views.photometric import PhotometricSettings
from medssl.views.sampling import sample_at, voxel_positions

NO_COLOUR = PhotometricSettings(gamma=0, contrast=0, offset=0, shading=0, noise=0)
CANVAS = {2: (48, 40), 3: (20, 24, 28)}
SHIFT = torch.tensor([2.0, -3.0, 1.5])


def shifted_batch(ndim: int) -> ImageBatch:
    """Two images that show where they are, and two partners that show the same `SHIFT` on.

    The canvas shows another part of each.
    """
    origin = -torch.tensor([[3.0, 2, 1], [0, 5, 2], [1, 4, 3], [6, 0, 2]])[:, :ndim]
    positions = voxel_positions(CANVAS[ndim])
    images = []
    for row in range(4):
        tissue = positions - origin[row] - (SHIFT[:ndim] if row > 1 else 0)
        images.append(tissue.movedim(-1, 0))
    sizes = torch.tensor(CANVAS[ndim]).float().expand(4, ndim) + 8
    numbers, choice = torch.tensor([4, 7, 1, 2]), torch.tensor([0, 1])
    return ImageBatch(torch.stack(images), origin, sizes, numbers, choice)


@pytest.mark.parametrize("ndim", [2, 3])
def test_linked_points_show_the_same_tissue(ndim: int) -> None:
    asked = []

    def carry(case: int, choice: int, places: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        asked.append((case, choice))
        return places + SHIFT[:ndim], torch.full((len(places),), 0.25 * (case - 3))

    batch = shifted_batch(ndim)
    settings = DenseViewSettings(photometric=NO_COLOUR, fill="edge", points=60)
    views = make_dense_views(batch, settings, batch.draws(3), carry)
    across = views.across
    assert across is not None
    assert asked == [(4, 0), (7, 1)]
    first, second = views.images.chunk(2)
    here = sample_at(first[:2], across.points[0])
    there = sample_at(second[2:], across.points[1])
    for row, weight in enumerate((0.25, 1.0)):
        assert set(across.weight[row].tolist()) <= {0.0, weight}
        assert (across.weight[row] > 0).float().mean() > 0.2
    assert (here - there)[across.weight > 0].abs().max() < 0.5


def test_points_carried_out_of_the_partner_count_nowhere() -> None:
    def carry(_case: int, _choice: int, places: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return places + 1000, torch.ones(len(places))

    batch = shifted_batch(2)
    views = make_dense_views(batch, DenseViewSettings(), batch.draws(0), carry)
    assert views.across is not None
    assert views.across.weight.abs().max() == 0
    assert torch.isfinite(views.across.points[1]).all()


def test_without_partners_there_are_no_links() -> None:
    batch = shifted_batch(2)
    alone = ImageBatch(batch.images, batch.origin, batch.sizes, batch.case)

    def carry(*_arguments: object) -> tuple[torch.Tensor, torch.Tensor]:
        raise AssertionError("there is nothing to carry")

    views = make_dense_views(alone, DenseViewSettings(), alone.draws(0), carry)
    assert views.across is None
