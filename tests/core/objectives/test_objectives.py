"""Losses against their formulas, written out."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from medssl.objectives import (
    DenseDiscrimination,
    DenseDiscriminationSettings,
    HypersphereMixup,
    HypersphereMixupSettings,
    Outputs,
    PatchDiscrimination,
    PatchDiscriminationSettings,
    PatchPooling,
    pool_patches,
)
from medssl.objectives.instance_loss import instance_discrimination
from medssl.objectives.pooling import centre_window
from medssl.objectives.spread import COLLAPSED_BELOW, embedding_spread
from medssl.views import PairViews


def unit(*shape: int, seed: int = 0) -> torch.Tensor:
    return F.normalize(torch.randn(*shape, generator=torch.Generator().manual_seed(seed)), dim=1)


def written_out(rows: torch.Tensor, partners: torch.Tensor, t: float) -> float:
    every = torch.cat((rows, partners)).double()
    count, total = len(every), 0.0
    for j in range(count):
        e = [math.exp(float(every[i] @ every[j]) / t) if i != j else 0.0 for i in range(count)]
        p = [value / sum(e) for value in e]
        partner = (j + count // 2) % count
        total += math.log(p[partner])
        total += sum(math.log(1 - p[i]) for i in range(count) if i not in (j, partner))
    return -total / count


def test_instance_discrimination_is_the_papers() -> None:
    a, b = unit(5, 8), unit(5, 8, seed=1)
    expected = written_out(a, b, 0.1)
    assert float(instance_discrimination(a, b, 0.1)) == pytest.approx(expected, rel=1e-4)


def test_the_other_side_of_a_product_has_no_gradient() -> None:
    """The gradient of a row is that of its own term alone."""
    a, b = unit(3, 4).requires_grad_(), unit(3, 4, seed=1)
    instance_discrimination(a, b, 0.5).backward()
    every = torch.cat((a.detach(), b))
    row = a.detach()[0].clone().requires_grad_()
    logits = torch.cat([row @ every[i : i + 1].T / 0.5 for i in range(1, 6)])
    log_p = logits.log_softmax(0)
    others = torch.tensor([0, 1, 3, 4])
    (-(log_p[2] + torch.log1p(-log_p[others].exp()).sum()) / 6).backward()
    assert a.grad is not None
    torch.testing.assert_close(a.grad[0], row.grad)


def test_mixup_has_its_minimum_at_the_mixture() -> None:
    weight = torch.tensor([0.3, 0.6])
    views = PairViews(torch.zeros(10, 1, 4, 4), torch.eye(2).repeat(4, 1, 1), weight)
    cells = unit(10, 16, 2, 2).clone()
    w = weight[:, None, None, None]
    cells[8:] = F.normalize(w * cells[:2] + (1 - w) * cells[2:4], dim=1)
    objective = HypersphereMixup(HypersphereMixupSettings())
    result = objective(views, Outputs(cells, patches=cells), 1)
    assert float(result.metrics["mix_similarity"]) == pytest.approx(1.0, abs=1e-5)
    cells[8:] = unit(2, 16, 2, 2, seed=4)
    assert objective(views, Outputs(cells, patches=cells), 1).loss > result.loss


def test_mixup_trains_the_mixed_image_alone() -> None:
    views = PairViews(torch.zeros(5, 1, 4, 4), torch.eye(2).repeat(2, 1, 1), torch.tensor([0.5]))
    cells = unit(5, 6, 2, 2).requires_grad_()
    HypersphereMixup(HypersphereMixupSettings())(
        views, Outputs(cells, patches=cells), 1
    ).loss.backward()
    assert cells.grad is not None
    assert cells.grad[:4].abs().max() == 0
    assert cells.grad[4].abs().max() > 0


def test_patch_discrimination_pairs_cells_of_both_views() -> None:
    views = PairViews(
        torch.zeros(10, 1, 4, 4), torch.eye(2).repeat(4, 1, 1), torch.tensor([0.5, 0.5])
    )
    objective = PatchDiscrimination(PatchDiscriminationSettings())
    cells = unit(10, 16, 2, 2).clone()
    apart = objective(views, Outputs(cells, patches=cells), 1)
    cells[4:8] = cells[:4]
    together = objective(views, Outputs(cells, patches=cells), 1)
    assert together.loss < apart.loss
    assert float(together.metrics["positive_similarity"]) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("sigma", [None, 0.25])
@pytest.mark.parametrize("ndim", [2, 3])
def test_pooling(sigma: float | None, ndim: int) -> None:
    cells = unit(2, 5, *[8] * ndim)
    pooled = pool_patches(cells, PatchPooling(grid=2, centre_sigma=sigma))
    assert pooled.shape == (2, 5, *[2] * ndim)
    window = torch.full((4,), 0.25) if sigma is None else centre_window(4, sigma)
    weights = window
    for _ in range(ndim - 1):
        weights = weights[..., None] * window
    patch = cells[(slice(None), slice(None), *[slice(0, 4)] * ndim)]
    expected = F.normalize((patch * weights).flatten(2).sum(2), dim=1)
    torch.testing.assert_close(pooled[(slice(None), slice(None), *[0] * ndim)], expected)


def test_pooling_refuses_a_grid_that_does_not_divide() -> None:
    with pytest.raises(ValueError, match="does not divide"):
        pool_patches(torch.rand(1, 2, 9, 9), PatchPooling(grid=2))


class TestDense:
    settings = DenseDiscriminationSettings(near=0.1, similar_place=0.3, temperature=0.2)

    def loss(self, places: torch.Tensor, valid: torch.Tensor | None = None) -> float:
        a, b = unit(6, 8).reshape(2, 3, 8), unit(6, 8, seed=1).reshape(2, 3, 8)
        valid = torch.ones(2, 3, dtype=torch.bool) if valid is None else valid
        objective = DenseDiscrimination(self.settings)
        return float(objective.loss(a, b, places, valid, torch.arange(2)))

    def written_out(self, kept: torch.Tensor, rows: list[int]) -> float:
        a, b = unit(6, 8).double(), unit(6, 8, seed=1).double()
        e = torch.exp(a @ b.T / 0.2) * kept
        both = e.diagonal().log() * 2 - e.sum(1).log() - e.sum(0).log()
        return float(-both[rows].mean() / 2)

    def test_far_places_are_all_negatives(self) -> None:
        places = torch.tensor([[[0.0, 0.0], [0.0, 0.5], [0.5, 0.0]], [[1, 1], [0.5, 1], [1, 0.5]]])
        expected = self.written_out(torch.ones(6, 6), list(range(6)))
        assert self.loss(places) == pytest.approx(expected, rel=1e-4)

    def test_near_and_similar_places_are_left_out(self) -> None:
        places = torch.tensor(
            [[[0.0, 0.0], [0.05, 0.0], [0.5, 0.0]], [[0.0, 0.2], [0.5, 1.0], [1.0, 0.5]]]
        )
        kept = torch.ones(6, 6)
        for i, j in ((0, 1), (0, 3), (1, 3)):
            kept[i, j] = kept[j, i] = 0
        expected = self.written_out(kept, list(range(6)))
        assert self.loss(places) == pytest.approx(expected, rel=1e-4)

    def test_unseen_points_count_nowhere(self) -> None:
        places = torch.tensor([[[0.0, 0.0], [0.0, 0.5], [0.5, 0.0]], [[1, 1], [0.5, 1], [1, 0.5]]])
        valid = torch.tensor([[True, False, True], [True, True, False]])
        kept = torch.ones(6, 6)
        rows = [0, 2, 3, 4]
        for unseen in (1, 5):
            kept[unseen] = kept[:, unseen] = 0
            kept[unseen, unseen] = 1
        expected = self.written_out(kept, rows)
        assert self.loss(places, valid) == pytest.approx(expected, rel=1e-4)

    def test_not_one_seen_point_is_no_error(self) -> None:
        assert self.loss(torch.rand(2, 3, 2), torch.zeros(2, 3, dtype=torch.bool)) == 0


def test_spread_tells_collapse() -> None:
    assert float(embedding_spread(unit(2000, 16))) == pytest.approx(1.0, abs=0.02)
    same = F.normalize(unit(1, 16) + 0.01 * unit(200, 16, seed=1), dim=1)
    assert float(embedding_spread(same)) < COLLAPSED_BELOW
