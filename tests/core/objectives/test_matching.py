"""Matching among all cells, against its formula written out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from medssl.objectives import (
    CrossImageMatching,
    CrossImageMatchingSettings,
    DenseMatching,
    DenseMatchingSettings,
    Outputs,
)
from medssl.objectives import matching as module
from medssl.objectives.matching import heat_map_loss
from medssl.views.dense import AcrossPoints, DenseViews
from medssl.views.sampling import voxel_positions

STRIDE = 2


def unit(*shape: int, seed: int = 0) -> torch.Tensor:
    return F.normalize(torch.randn(*shape, generator=torch.Generator().manual_seed(seed)), dim=1)


def written_out(
    vectors: torch.Tensor,
    cells: torch.Tensor,
    targets: torch.Tensor,
    weight: torch.Tensor,
    sigma: float,
    temperature: float,
) -> float:
    places = np.indices(cells.shape[2:]).reshape(cells.ndim - 2, -1).T
    total = 0.0
    for b in range(len(vectors)):
        flat = cells[b].double().flatten(1).numpy()
        for p in range(vectors.shape[1]):
            scores = np.exp(vectors[b, p].double().numpy() @ flat / temperature)
            found = scores / scores.sum()
            distance2 = ((places - targets[b, p].double().numpy()) ** 2).sum(1)
            wanted = np.exp(-distance2 / (2 * sigma**2))
            wanted /= wanted.sum()
            kept = wanted > 0
            divergence = (wanted[kept] * np.log(wanted[kept] / found[kept])).sum()
            total += float(weight[b, p]) * divergence
    return total / max(1.0, float(weight.sum()))


@pytest.mark.parametrize("cells", [(5, 6), (4, 3, 5)])
@pytest.mark.parametrize("heavy", [1.0, 0.05])
def test_the_formula(cells: tuple[int, ...], heavy: float) -> None:
    generator = torch.Generator().manual_seed(4)
    targets = torch.rand(2, 7, len(cells), generator=generator) * (torch.tensor(cells) - 1)
    weight = heavy * torch.rand(2, 7, generator=generator)
    vectors = unit(14, 8).reshape(2, 7, 8)
    arguments = (vectors, unit(2, 8, *cells, seed=1), targets, weight, 1.3, 0.2)
    assert float(heat_map_loss(*arguments)) == pytest.approx(written_out(*arguments), rel=1e-4)


def test_weights_of_zero_are_ignored() -> None:
    vectors, cells = unit(6, 8).reshape(1, 6, 8), unit(1, 8, 5, 5, seed=1)
    targets = torch.rand(1, 6, 2) * 4
    weight = torch.tensor([[1.0, 1, 1, 0, 0, 0]])
    whole = heat_map_loss(vectors, cells, targets, weight, 1.0, 0.1)
    part = heat_map_loss(vectors[:, :3], cells, targets[:, :3], weight[:, :3], 1.0, 0.1)
    torch.testing.assert_close(whole, part)
    assert heat_map_loss(vectors, cells, targets, weight * 0, 1.0, 0.1) == 0


def perfect(shape: tuple[int, ...], sigma: float, temperature: float) -> torch.Tensor:
    """Embeddings whose similarity falls off as the Gaussian of the loss does.

    On a small part of a sphere the similarity is ``1 − d²/2``, so that the softmax at
    `temperature` is a Gaussian of ``√temperature`` over the angle.
    """
    angle = voxel_positions(shape) * (temperature**0.5 / sigma)
    vector = torch.cat([angle.sin(), angle.cos()], -1) / angle.shape[-1] ** 0.5
    return vector.movedim(-1, 0)[None]


def views_of(points: torch.Tensor, across: AcrossPoints | None = None) -> DenseViews:
    count = len(points)
    valid = torch.ones(points.shape[:2], dtype=torch.bool)
    images = torch.zeros(2 * count, 1, 16, 16)
    return DenseViews(images, (points, points), points / 16, valid, torch.arange(count), across)


def grid_points(count: int) -> torch.Tensor:
    places = voxel_positions((4, 4)).reshape(1, 16, 2) * 3 + 3.5
    return places.repeat(count, 1, 1)


def test_perfect_embeddings_lose_next_to_nothing() -> None:
    settings = DenseMatchingSettings(temperature=0.01, sigma_cells=1.0)
    # Two axes share the unit length: a similarity of 1 − d²/4 wants twice the angle squared.
    cells = perfect((8, 8), 1.0 / 2**0.5, settings.temperature).repeat(2, 1, 1, 1)
    objective = DenseMatching(settings)
    assert float(objective(views_of(grid_points(1)), Outputs(cells), STRIDE).loss) < 0.03
    assert float(objective(views_of(grid_points(1)), Outputs(unit(2, 4, 8, 8)), STRIDE).loss) > 1.0


def test_both_directions_count() -> None:
    first, second = unit(1, 8, 8, 8), unit(1, 8, 8, 8, seed=1)
    here, there = grid_points(1), grid_points(1).flip(1)
    one = replace(views_of(here), points=(here, there))
    other = replace(views_of(here), points=(there, here))
    objective = DenseMatching(DenseMatchingSettings())
    cells = torch.cat([first, second]).requires_grad_()
    loss = objective(one, Outputs(cells), STRIDE).loss
    swapped = objective(other, Outputs(torch.cat([second, first])), STRIDE).loss
    torch.testing.assert_close(loss, swapped)
    loss.backward()
    assert cells.grad is not None
    assert torch.isfinite(cells.grad).all()
    assert all(part.abs().max() > 0 for part in cells.grad)


def test_across_reads_first_views_of_images_and_second_views_of_partners() -> None:
    here, there = grid_points(2), grid_points(2).flip(1)
    across = AcrossPoints((here, there), torch.rand(2, 16))
    views = views_of(grid_points(4), across)
    settings = CrossImageMatchingSettings()
    cells = unit(8, 8, 8, 8).requires_grad_()
    loss = CrossImageMatching(settings)(views, Outputs(cells), STRIDE).loss
    loss.backward()
    assert cells.grad is not None
    used = cells.grad.flatten(1).abs().amax(1) > 0
    assert used.tolist() == [True, True, False, False, False, False, True, True]
    pair = torch.cat([cells[:2], cells[6:]]).detach()
    twin = replace(views_of(here), points=(here, there))
    alike = DenseMatchingSettings(sigma_cells=settings.sigma_cells)
    across_ones = replace(across, weight=torch.ones(2, 16))
    torch.testing.assert_close(
        CrossImageMatching(settings)(
            replace(views, across=across_ones), Outputs(cells), STRIDE
        ).loss,
        DenseMatching(alike)(twin, Outputs(pair), STRIDE).loss,
    )


def test_without_partners_there_is_nothing_to_lose() -> None:
    cells = unit(4, 8, 8, 8).requires_grad_()
    loss = CrossImageMatching(CrossImageMatchingSettings())(
        views_of(grid_points(2)), Outputs(cells), 2
    ).loss
    loss.backward()
    assert float(loss.detach()) == 0
    assert cells.grad is not None
    assert cells.grad.abs().max() == 0


def test_a_map_of_many_cells_is_searched_pooled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The target stays on its tissue: smooth embeddings lose about as little."""
    settings = DenseMatchingSettings(temperature=0.01, sigma_cells=1.0)
    cells = perfect((16, 16), 2.0 / 2**0.5, settings.temperature).repeat(2, 1, 1, 1)
    monkeypatch.setattr(module, "MOST_CELLS", 64)
    assert float(DenseMatching(settings)(views_of(grid_points(1)), Outputs(cells), 1).loss) < 0.05
