"""Stage 2 against its formulas, written out; and what must not matter to it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from medssl.objectives import (
    AssignmentBalance,
    AssignmentBalanceSettings,
    AssignmentEntropy,
    AssignmentEntropySettings,
    Outputs,
    RegionDiscrimination,
    RegionDiscriminationSettings,
)
from medssl.objectives.assignment_entropy import binary_entropy
from medssl.objectives.regions import Regions, effective_clusters, pixel_entropy
from medssl.views import DenseViews, PairViews
from medssl.views.extent import Extent
from medssl.views.sampling import voxel_positions
from medssl.views.warp import Warp

DISCRIMINATION = RegionDiscrimination(RegionDiscriminationSettings())
ENTROPY = AssignmentEntropy(AssignmentEntropySettings())
BALANCE = AssignmentBalance(AssignmentBalanceSettings())


def unit(*shape: int, seed: int = 0) -> torch.Tensor:
    return F.normalize(torch.randn(*shape, generator=torch.Generator().manual_seed(seed)), dim=1)


def shares(*shape: int, seed: int = 1, sharp: float = 1.0) -> torch.Tensor:
    scores = torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
    return F.logsigmoid(sharp * scores).softmax(1)


def pair_views(pairs: int, ndim: int = 2) -> PairViews:
    turns = torch.eye(ndim).repeat(2 * pairs, 1, 1)
    return PairViews(torch.zeros(5 * pairs, 1, *[4] * ndim), turns, torch.full((pairs,), 0.5))


def dense_views(count: int, ndim: int = 2) -> DenseViews:
    points = torch.zeros(count, 4, ndim)
    valid = torch.ones(count, 4, dtype=torch.bool)
    images = torch.zeros(2 * count, 1, *[4] * ndim)
    return DenseViews(images, (points, points), points, valid, torch.arange(count))


def written_out(embedding: torch.Tensor, assignment: torch.Tensor, t: float) -> float:
    """The paper's loss, one number at a time."""
    views, clusters = len(embedding), assignment.shape[1]
    r = [
        [
            F.normalize((assignment[n, k] * embedding[n]).flatten(1).mean(1).double(), dim=0)
            for k in range(clusters)
        ]
        for n in range(views)
    ]
    m = [F.normalize(sum(r[n][k] for n in range(views)) / views, dim=0) for k in range(clusters)]
    total = 0.0
    for n in range(views):
        for k in range(clusters):
            powers = [math.exp(float(r[n][k] @ m[j]) / t) for j in range(clusters)]
            total += math.log(powers[k] / sum(powers))
    return -total / (views * clusters)


@pytest.mark.parametrize("cells", [(4, 4), (3, 4, 2)])
def test_region_discrimination_is_the_papers(cells: tuple[int, ...]) -> None:
    views = dense_views(3, len(cells))
    outputs = Outputs(unit(6, 5, *cells), assignment=shares(6, 4, *cells))
    expected = written_out(outputs.embedding, outputs.assignment, 0.2)
    assert float(DISCRIMINATION(views, outputs, 1).loss) == pytest.approx(expected, rel=1e-5)


def test_of_pairs_the_four_plain_views_count_and_not_the_mixture() -> None:
    embedding, assignment = unit(10, 5, 4, 4), shares(10, 4, 4, 4)
    expected = written_out(embedding[:8], assignment[:8], 0.2)
    found = DISCRIMINATION(pair_views(2), Outputs(embedding, assignment=assignment), 1)
    assert float(found.loss) == pytest.approx(expected, rel=1e-5)
    assignment = assignment.clone()
    assignment[8:] = F.one_hot(torch.zeros(2, 4, 4, dtype=torch.long), 4).movedim(-1, 1)
    outputs = Outputs(embedding, assignment=assignment)
    again = DISCRIMINATION(pair_views(2), outputs, 1)
    assert torch.equal(found.loss, again.loss)


def test_entropy_is_the_papers() -> None:
    assignment = shares(4, 3, 2, 2)
    total = [-p * math.log2(p) - (1 - p) * math.log2(1 - p) for p in assignment.flatten().tolist()]
    outputs = Outputs(unit(4, 5, 2, 2), assignment=assignment)
    found = ENTROPY(dense_views(2), outputs, 1)
    assert float(found.loss) == pytest.approx(sum(total) / len(total), rel=1e-4)


def test_balance_is_what_the_mean_share_lacks_of_an_even_one() -> None:
    sure = F.one_hot(torch.tensor([[0, 0, 0, 1]]), 4).movedim(-1, 1).float()
    outputs = Outputs(unit(2, 5, 1, 4), assignment=sure[:, :, None].expand(2, 4, 1, 4))
    expected = 2 + 0.75 * math.log2(0.75) + 0.25 * math.log2(0.25)
    found = BALANCE(dense_views(1), outputs, 1)
    assert float(found.loss) == pytest.approx(expected, rel=1e-5)
    assignment = shares(2, 4, 1, 4).requires_grad_()
    BALANCE(dense_views(1), Outputs(unit(2, 5, 1, 4), assignment=assignment), 1).loss.backward()
    most = int(assignment.detach().mean((0, 2, 3)).argmax())
    gradient = assignment.grad.mean((0, 2, 3))
    assert int(gradient.argmax()) == most


def test_entropy_of_certainty_and_of_doubt() -> None:
    assert binary_entropy(torch.tensor([0.0, 0.5, 1.0])).tolist() == [0.0, 1.0, 0.0]
    sure = F.one_hot(torch.randint(3, (4, 2, 2)), 3).movedim(-1, 1).float().requires_grad_()
    outputs = Outputs(unit(4, 5, 2, 2), assignment=sure)
    result = ENTROPY(dense_views(2), outputs, 1)
    result.loss.backward()
    assert float(result.loss.detach()) == 0
    assert float(result.metrics["pixel_entropy"]) == 0
    assert sure.grad is not None
    assert torch.isfinite(sure.grad).all()


@pytest.mark.parametrize("objective", [DISCRIMINATION, ENTROPY, BALANCE])
def test_the_number_of_a_cluster_does_not_matter(objective: torch.nn.Module) -> None:
    embedding, assignment = unit(4, 5, 4, 4), shares(4, 6, 4, 4)
    order = torch.randperm(6)
    one = objective(dense_views(2), Outputs(embedding, assignment=assignment), 1).loss
    other = objective(dense_views(2), Outputs(embedding, assignment=assignment[:, order]), 1).loss
    torch.testing.assert_close(one, other)


def test_distinct_clusters_lose_less_than_uniform_ones() -> None:
    """Three structures with directions of their own, at another place in each view."""
    truth = torch.randint(3, (4, 4, 4))
    truth[:, 0, :3] = torch.arange(3)
    embedding = torch.eye(3)[truth].movedim(-1, 1)
    distinct = F.one_hot(truth, 3).movedim(-1, 1).float()
    uniform = torch.full_like(distinct, 1 / 3)
    losses = [
        float(DISCRIMINATION(dense_views(2), Outputs(embedding, assignment=a), 1).loss)
        for a in (distinct, uniform)
    ]
    assert losses[0] == pytest.approx(-math.log(math.exp(5) / (math.exp(5) + 2)), rel=1e-4)
    assert losses[1] == pytest.approx(math.log(3), rel=1e-4)


def test_both_heads_learn_from_every_plain_view() -> None:
    embedding, scores = unit(10, 5, 4, 4).requires_grad_(), torch.randn(10, 4, 4, 4)
    scores.requires_grad_()
    outputs = Outputs(embedding, assignment=F.logsigmoid(scores).softmax(1))
    DISCRIMINATION(pair_views(2), outputs, 1).loss.backward()
    for gradient in (embedding.grad, scores.grad):
        assert gradient is not None
        used = gradient.flatten(1).abs().amax(1) > 0
        assert used.tolist() == [True] * 8 + [False] * 2


def test_an_empty_cluster_is_no_division_by_zero() -> None:
    assignment = shares(4, 3, 2, 2, sharp=30.0)
    assignment = torch.cat([assignment, torch.zeros(4, 1, 2, 2)], 1).requires_grad_()
    result = DISCRIMINATION(dense_views(2), Outputs(unit(4, 5, 2, 2), assignment=assignment), 1)
    result.loss.backward()
    assert torch.isfinite(result.loss)
    assert assignment.grad is not None
    assert torch.isfinite(assignment.grad).all()


def test_what_lies_beyond_the_image_does_not_count() -> None:
    """An image of 4 × 8 voxels on a canvas of 8 × 8: half of the cells show nothing."""
    warp = Warp(torch.eye(2)[None], torch.tensor([[3.5, 3.5]]), None, (8, 8))
    extent = Extent((warp, warp), (torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 7.0]])))
    assert extent.cells(2).tolist() == [[[True] * 4] * 2 + [[False] * 4] * 2] * 2
    views = replace(dense_views(1), extent=extent)
    embedding, assignment = unit(2, 5, 4, 4), shares(2, 3, 4, 4)
    inside = Outputs(embedding[:, :, :2], assignment=assignment[:, :, :2])
    for objective in (DISCRIMINATION, ENTROPY):
        whole = objective(views, Outputs(embedding, assignment=assignment), 2)
        part = objective(dense_views(1), inside, 2)
        torch.testing.assert_close(whole.loss, part.loss)
        torch.testing.assert_close(whole.metrics, part.metrics)


class TestWatched:
    def regions(self, assignment: torch.Tensor) -> Regions:
        outputs = Outputs(unit(len(assignment), 5, 8, 8), assignment=assignment)
        return Regions.of(dense_views(len(assignment) // 2), outputs, 1)

    def test_collapse(self) -> None:
        one = F.one_hot(torch.zeros(4, 8, 8, dtype=torch.long), 5).movedim(-1, 1).float()
        assert float(effective_clusters(self.regions(one))) == pytest.approx(1)
        assert float(pixel_entropy(self.regions(one))) == 0

    def test_uniform_assignments_are_no_five_clusters(self) -> None:
        """The mean assignment says 5; the argmax knows better, and the entropy says it all."""
        uniform = torch.full((4, 4, 8, 8), 0.25)
        assert float(effective_clusters(self.regions(uniform))) == pytest.approx(1)
        assert float(pixel_entropy(self.regions(uniform))) == pytest.approx(2)

    def test_clusters_of_equal_size(self) -> None:
        place = voxel_positions((8, 8))
        quarter = (place[..., 0] >= 4).long() * 2 + (place[..., 1] >= 4).long()
        sure = F.one_hot(quarter, 4).movedim(-1, 0).float().expand(4, -1, -1, -1)
        assert float(effective_clusters(self.regions(sure))) == pytest.approx(4)
