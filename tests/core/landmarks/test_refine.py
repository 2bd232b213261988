"""Refining: better than the match, the same twice, and in both dimensions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from medssl.embed import EmbeddedCohort, embed_cohort, open_embedder
from medssl.errors import Cancelled
from medssl.io import list_images, read_landmarks_csv
from medssl.landmarks import FoundPoint, LandmarkFinder
from medssl.landmarks.refine import Refiner, RefineSettings
from medssl.landmarks.refine.features import Features
from medssl.landmarks.refine.head import HeatHead, heat_loss, read_heat, relative_places
from medssl.landmarks.refine.joining import head_share, joined_confidence
from medssl.landmarks.refine.labels import make_labels
from medssl.landmarks.refine.warps import (
    Warps,
    draw_warps,
    unwarp_places,
    warp_features,
    warp_places,
)
from medssl.phantom import write_cohort
from medssl.prepare import ArrayCache, PrepareSettings, prepare_cohort

Truth = dict[str, dict[str, tuple[float, ...]]]
QUICK = RefineSettings(steps=30, heads=1, width=12, features=12, batch=4)


def _embedded(folder: Path, ndim: int, count: int, size: int) -> tuple[EmbeddedCohort, Truth]:
    made = write_cohort(folder / "made", count, ndim=2 if ndim == 2 else 3, seed=5, size=size)
    embedder = open_embedder("instant", ndim)
    if ndim == 2:
        from medssl.embed.instant import InstantEmbedder

        embedder = InstantEmbedder(2, PrepareSettings(longest_side=size))
    cache = ArrayCache(folder / "cache")
    prepared = prepare_cohort(list_images(made.images), embedder.settings, cache)
    embedded = embed_cohort(prepared, embedder, cache)
    truth: Truth = {}
    for row in read_landmarks_csv(made.landmarks):
        truth.setdefault(row.image, {})[row.landmark] = row.point_vox
    return embedded, truth


@pytest.fixture(scope="module")
def chests(tmp_path_factory: pytest.TempPathFactory) -> tuple[EmbeddedCohort, Truth]:
    return _embedded(tmp_path_factory.mktemp("chests"), 2, 8, 128)


def _clicked(embedded: EmbeddedCohort, truth: Truth, images: int) -> LandmarkFinder:
    finder = LandmarkFinder(embedded)
    for one in embedded.cases[:images]:
        for name, point in truth[one.case.key].items():
            finder.add_template(name, one.case.key, point)
    return finder


def _error(found: list[FoundPoint], truth: Truth) -> float:
    known = [p for p in found if p.landmark in truth[p.case_key]]
    away = [np.subtract(p.point_vox, truth[p.case_key][p.landmark]) for p in known]
    return float(np.linalg.norm(away, axis=1).mean())


def test_the_same_clicks_and_seed_give_the_same_points_twice(
    chests: tuple[EmbeddedCohort, Truth],
) -> None:
    first, second = (Refiner(_clicked(*chests, 2), QUICK).refine() for _ in range(2))
    assert first == second
    other = Refiner(_clicked(*chests, 2), QUICK.model_copy(update={"seed": 1})).refine()
    assert other != first


def test_points_are_found_where_no_person_has_set_them(
    chests: tuple[EmbeddedCohort, Truth],
) -> None:
    embedded, truth = chests
    finder = _clicked(embedded, truth, 2)
    found = finder.find()
    refined = Refiner(finder, QUICK).refine(found)
    assert [(p.landmark, p.case_key) for p in refined] == [(p.landmark, p.case_key) for p in found]
    assert not {p.case_key for p in refined} & {one.case.key for one in embedded.cases[:2]}
    for point in refined:
        grid = embedded.case(point.case_key).case.source_grid
        assert grid.contains_voxel(point.point_vox)
        assert point.point_world == pytest.approx(grid.voxel_to_world(point.point_vox))
        assert 0 < point.confidence < 1


def test_it_can_be_cancelled_and_counts_to_its_total(chests: tuple[EmbeddedCohort, Truth]) -> None:
    finder = _clicked(*chests, 1)
    found = finder.find()
    counts = []
    refiner = Refiner(finder, QUICK)
    refiner.refine(found, lambda done, total, _: counts.append((done, total)))
    assert counts[-1][0] == counts[-1][1]
    assert [done for done, _ in counts] == sorted(done for done, _ in counts)

    def stop(done: int, total: int, message: str) -> None:
        if "Training" in message:
            raise Cancelled

    with pytest.raises(Cancelled):
        refiner.refine(found, stop)


def test_volumes_are_refined_too(tmp_path: Path) -> None:
    embedded, truth = _embedded(tmp_path, 3, 4, 32)
    finder = _clicked(embedded, truth, 1)
    found = finder.find()
    refined = Refiner(finder, QUICK).refine(found)
    assert len(refined) == len(found)
    assert _error(refined, truth) < 1.5 * _error(found, truth)


def test_pseudo_labels_are_the_surest_and_a_persons_points_stay(
    chests: tuple[EmbeddedCohort, Truth],
) -> None:
    embedded, truth = chests
    finder = _clicked(embedded, truth, 1)
    key = embedded.cases[0].case.key
    found = finder.find()
    settings = RefineSettings(confident=0.5)
    features = Features(embedded, 4, 600)
    labels = make_labels({n: {key: p} for n, p in truth[key].items()}, found, features, settings)
    names = list(truth[key])
    for column, name in enumerate(names):
        sure = sorted((p for p in found if p.landmark == name), key=lambda p: -p.confidence)
        taken = {k for k, w in zip(labels.keys, labels.weights[:, column], strict=True) if w > 0}
        usable = [p.case_key for p in sure if not p.shape_flag]
        assert taken == {key, *usable[: round(len(sure) / 2)]}
    row = labels.keys.index(key)
    assert labels.person[row].all()
    for column, name in enumerate(names):
        place = labels.places[row, column].numpy()
        assert features.to_source(key, place) == pytest.approx(truth[key][name], abs=1e-3)


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_head_learns_where_a_bright_cell_is(ndim: int) -> None:
    generator = torch.Generator().manual_seed(0)
    shape = (10, 12, 8)[:ndim]
    torch.manual_seed(0)
    head = HeatHead(ndim, 2, 1, 8)
    optimiser = torch.optim.Adam(head.parameters(), 1e-2)
    inside = torch.ones(4, *shape, dtype=torch.bool)
    frame = relative_places(inside)
    for _ in range(60):
        cells = torch.stack([torch.randint(1, n - 1, (4,), generator=generator) for n in shape], 1)
        features = torch.zeros(4, 2, *shape)
        for row, cell in enumerate(cells):
            features[(row, 0, *cell)] = 3
        heat, offsets = head(features, inside, frame)
        places = cells[:, None].float() + 0.25
        loss = heat_loss(heat, offsets, places, torch.ones(4, 1), 1.0)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert (read_heat(heat, offsets) - places).norm(dim=-1).max() < 1.0


@pytest.mark.parametrize("ndim", [2, 3])
def test_warped_places_go_with_what_lies_there(ndim: int) -> None:
    shape = (20, 24, 16)[:ndim]
    sizes = torch.tensor(shape)
    place = torch.tensor([[[8.0, 14.0, 7.0][:ndim]]])
    axes = torch.meshgrid(*(torch.arange(n).float() for n in shape), indexing="ij")
    away = sum((axis - place[0, 0, i]) ** 2 for i, axis in enumerate(axes))
    blob = torch.exp(-torch.as_tensor(away) / 8)[None, None]
    inside = torch.ones(1, *shape, dtype=torch.bool)
    generator = torch.Generator().manual_seed(3)
    for _ in range(4):
        warps = draw_warps(1, sizes, generator, 1.0)
        warped, _ = warp_features(blob, inside, warps)
        moved = warp_places(place, sizes, warps)
        mass = warped[0, 0]
        centre = [(axis * mass).sum() / mass.sum() for axis in axes]
        assert torch.allclose(torch.stack(centre), moved[0, 0], atol=0.3)
        assert torch.allclose(unwarp_places(moved, sizes, warps), place, atol=1e-3)


def test_nothing_is_warped_by_no_strength() -> None:
    warps = draw_warps(1, torch.tensor((5, 9)), torch.Generator().manual_seed(0), 0.0)
    assert torch.equal(warps.matrix, torch.eye(2)[None])
    assert isinstance(warps, Warps)


def test_heads_that_disagree_count_less_and_lower_the_confidence() -> None:
    assert head_share(0.001) > head_share(0.03) > head_share(0.1)
    assert joined_confidence(0.6, 0.005, 0.01) > joined_confidence(0.6, 0.05, 0.01)
    assert joined_confidence(0.6, 0.01, 0.01) > joined_confidence(0.6, 0.01, 0.1)
    assert joined_confidence(0.9, 0.01, 0.01) > joined_confidence(0.2, 0.01, 0.01)


def test_a_consensus_counts_templates_nearly_alike(chests: tuple[EmbeddedCohort, Truth]) -> None:
    finder = _clicked(*chests, 1)
    found = finder.find()
    assert finder.find_consensus(found) == found  # one template: nothing to weigh
    finder = _clicked(*chests, 3)
    found = finder.find()
    agreed = finder.find_consensus(found)
    assert [(p.landmark, p.case_key) for p in agreed] == [(p.landmark, p.case_key) for p in found]
    assert agreed != found
    assert finder.find() == found
