"""An alignment finds a deformation that is known."""

from __future__ import annotations

import pytest
import torch

from medssl.correspond import Alignment, align
from medssl.correspond.alignment import join

from .maps import cells_of, known_map, lattice, tissue

IDENTITY = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
SIDE = {2: 12, 3: 5}


@pytest.mark.parametrize(("ndim", "tolerance"), [(2, 0.01), (3, 0.03)])
def test_an_affine_map_with_a_smooth_bend_is_recovered(ndim: int, tolerance: float) -> None:
    """To a third of a cell over the inner part; places move by more than a twentieth."""
    known = known_map(ndim)
    anchors = lattice(ndim, SIDE[ndim])
    found = align(anchors, tissue(anchors), torch.ones(ndim), [cells_of(ndim, known)], 5)
    points = 0.2 + 0.6 * torch.rand(80, ndim, generator=torch.Generator().manual_seed(1))
    truth = known.from_template(points)
    places, support = found.map_points(points)
    assert (truth - points).norm(dim=1).mean() > 0.05
    assert (places[0] - truth).norm(dim=1).mean() < tolerance
    assert support.min() > 0.5


def test_anchors_that_fit_nothing_get_little_weight() -> None:
    known = known_map(2)
    anchors = lattice(2, SIDE[2])
    descriptors = tissue(anchors)
    wrong = torch.arange(0, len(anchors), 9)
    descriptors[wrong] = tissue(torch.rand(len(wrong), 2, generator=torch.Generator()) + 3)
    found = align(anchors, descriptors, torch.ones(2), [cells_of(2, known)], 5)
    good = torch.ones(len(anchors), dtype=torch.bool)
    good[wrong] = False
    inside = ((anchors > 0.15) & (anchors < 0.85)).all(1)
    assert found.weight[0, ~good].median() < 0.1 * found.weight[0, good & inside].median()
    points = lattice(2, 6)[14:22]
    error = (found.map_points(points)[0][0] - known.from_template(points)).norm(dim=1)
    assert error.mean() < 0.015


def test_images_of_different_size_do_not_change_each_other() -> None:
    known = known_map(2)
    anchors = lattice(2, SIDE[2])
    large = cells_of(2, known)
    kept = (large.places > 0.1).all(1)
    small = type(large)(large.features[kept], large.places[kept], large.extent)
    both = align(anchors, tissue(anchors), torch.ones(2), [large, small], 4)
    alone = align(anchors, tissue(anchors), torch.ones(2), [small], 4)
    torch.testing.assert_close(both.select(torch.tensor([1])).residual, alone.residual)
    torch.testing.assert_close(both.affine[1], alone.affine[0], atol=1e-4, rtol=1e-4)


def test_points_move_by_the_affine_part_and_what_anchors_nearby_add() -> None:
    anchors = torch.tensor([[0.2, 0.2], [0.8, 0.8]])
    affine = torch.tensor([[[1.0, 0.0], [0.0, 2.0], [0.1, 0.0]]])
    residual = torch.tensor([[[0.05, 0.0], [0.0, 0.0]]])
    one = Alignment(anchors, affine, residual, torch.tensor([[1.0, 1.0]]), 0.1)
    points = torch.tensor([[0.2, 0.2], [0.8, 0.8], [0.2, 0.9]])
    places, support = one.map_points(points)
    pulled = 0.05 / 1.3
    expected = torch.tensor([[[0.3 + pulled, 0.4], [0.9, 1.6], [0.3, 1.8]]])
    torch.testing.assert_close(places, expected, atol=1e-3, rtol=0)
    torch.testing.assert_close(support, torch.tensor([[1.0, 1.0, 0.0]]), atol=0.01, rtol=0)


def test_join_and_select_are_each_others_inverse() -> None:
    anchors = torch.rand(5, 2)
    parts = [
        Alignment(anchors, IDENTITY[None] * k, torch.rand(1, 5, 2), torch.rand(1, 5), 0.1)
        for k in (1.0, 2.0, 3.0)
    ]
    whole = join(parts)
    assert whole.affine.shape == (3, 3, 2)
    second = whole.select(torch.tensor([1]))
    points = torch.rand(7, 2)
    for one, other in zip(second.map_points(points), parts[1].map_points(points), strict=True):
        torch.testing.assert_close(one, other)
    both = whole.select(torch.tensor([2, 0]))
    torch.testing.assert_close(both.residual, torch.cat([parts[2].residual, parts[0].residual]))
