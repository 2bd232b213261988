"""Clusters of a cohort: the same structure in every image, merged as a tree, smooth borders."""

from __future__ import annotations

import numpy as np
import pytest

from medssl.embed import EmbeddedCohort
from medssl.errors import ModelError, SettingsError
from medssl.evaluate.scores import dice
from medssl.segment.clusters import (
    Coverage,
    RefineSettings,
    cluster_map,
    coverage,
    expected_dice,
    find_clusters,
    merge_tree,
    model_clusters,
    organ_mask,
    organ_share,
    organ_trust,
    structure_map,
    typicality,
)
from medssl.segment.clusters.counting import choose_count
from medssl.segment.clusters.kmeans import nearest_centres, spherical_kmeans
from medssl.segment.clusters.refining import Guide, without_islands
from medssl.transfer import MaskFiles

REFINE = RefineSettings(radius=3)


def bunches(count: int, each: int, spread: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around `count` directions at right angles."""
    rng = np.random.default_rng(0)
    owner = np.repeat(np.arange(count), each)
    vectors = np.eye(12)[owner] + spread * rng.standard_normal((count * each, 12))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit.astype(np.float32), owner


def test_kmeans_finds_the_bunches() -> None:
    vectors, owner = bunches(6, 50)
    centres = spherical_kmeans(vectors, 6, seed=1)
    nearest, cosine = nearest_centres(vectors, centres)
    assert np.allclose(np.linalg.norm(centres, axis=1), 1, atol=1e-5)
    assert len({(a, b) for a, b in zip(owner, nearest, strict=True)}) == 6
    assert cosine.min() > 0.9
    assert np.array_equal(centres, spherical_kmeans(vectors, 6, seed=1))


def test_more_clusters_than_different_vectors_are_refused() -> None:
    vectors = np.repeat(np.eye(3, dtype=np.float32), 5, axis=0)
    with pytest.raises(SettingsError, match="only 3 different vectors"):
        spherical_kmeans(vectors, 4)
    with pytest.raises(SettingsError, match="20 clusters cannot be made of 15"):
        spherical_kmeans(vectors, 20)


def test_the_number_of_clusters_is_that_of_the_bunches() -> None:
    vectors, _ = bunches(8, 60)
    owners = np.arange(len(vectors)) % 5
    assert choose_count(vectors, owners) == 8
    assert choose_count(vectors, np.zeros(len(vectors), int)) == 8


def test_coarse_levels_never_split_fine_groups() -> None:
    rng = np.random.default_rng(2)
    tree = merge_tree(rng.standard_normal((10, 4)), rng.integers(1, 50, 10))
    for level in range(2, 11):
        fine, coarse = tree.groups(level), tree.groups(level - 1)
        assert len(np.unique(fine)) == level
        assert all(len(np.unique(coarse[fine == group])) == 1 for group in range(level))
    with pytest.raises(SettingsError, match="11 structures"):
        tree.groups(11)


def test_the_tree_merges_what_is_alike_first() -> None:
    centres = np.array([[1, 0], [0.98, 0.2], [-1, 0], [-0.98, 0.25], [0, 1]])
    groups = merge_tree(centres, np.ones(5)).groups(3)
    assert groups[0] == groups[1]
    assert groups[2] == groups[3]
    assert len(set(groups)) == 3


def test_the_best_union_is_that_of_all_unions() -> None:
    rng = np.random.default_rng(3)
    whole = rng.integers(1, 40, 9).astype(float)
    inside = whole * rng.random(9)
    one = Coverage(inside, whole, float(inside.sum() + 5))

    def score(members: list[int]) -> float:
        return float(2 * inside[members].sum() / (whole[members].sum() + one.mask))

    every = [[k for k in range(9) if number >> k & 1] for number in range(1, 2**9)]
    assert score(list(one.union)) == pytest.approx(max(map(score, every)))
    assert score([one.single]) == pytest.approx(max(score([k]) for k in range(9)))


def test_a_union_from_one_image_finds_the_organ_in_the_others(
    embedded: EmbeddedCohort, disc_masks: MaskFiles
) -> None:
    clusters = find_clusters(embedded, 24)
    shot, *others = embedded.cases
    members = coverage(clusters, shot, disc_masks.read(shot.case)[0]).union
    scores = []
    for case in others:
        shares = clusters.shares(case)
        share = organ_share(shares, members, case, REFINE)
        truth = disc_masks.read(case.case)[0]
        scores.append(dice(organ_mask(share, case, REFINE), truth))
        assert 0 < organ_trust(shares, members) <= 1
    assert np.mean(scores) > 0.75


def test_an_empty_mask_teaches_nothing(embedded: EmbeddedCohort) -> None:
    case = embedded.cases[0]
    with pytest.raises(SettingsError, match="the mask is empty"):
        coverage(find_clusters(embedded, 4), case, np.zeros(case.case.source_grid.shape, bool))


def test_label_maps_lie_on_the_image_and_mean_the_same(
    embedded: EmbeddedCohort, disc_masks: MaskFiles
) -> None:
    clusters = find_clusters(embedded, 16)
    inside = []
    for case in embedded.cases:
        labels = structure_map(clusters, case, 3, REFINE)
        assert labels.shape == case.case.source_grid.shape
        assert set(np.unique(labels)) <= {1, 2, 3}
        truth = disc_masks.read(case.case)[0]
        inside.append(np.bincount(labels[truth], minlength=4).argmax())
    assert len(set(inside)) == 1


def test_a_border_moves_to_that_of_the_image() -> None:
    image = np.zeros((1, 40, 40), np.float32)
    image[..., 20:] = 1
    share = np.clip((np.arange(40, dtype=np.float32) - 11) / 10, 0, 1)[None].repeat(40, 0)
    smooth = Guide(image, RefineSettings(radius=6)).smooth(share)
    assert ((smooth > 0.5) == (image[0] > 0.5)).mean() > 0.96
    assert ((share > 0.5) == (image[0] > 0.5)).mean() < 0.95
    assert np.array_equal(Guide(image, RefineSettings(radius=0)).smooth(share), share)


@pytest.mark.parametrize("shape", [(60, 80), (30, 40, 30)])
def test_smoothing_leaves_a_small_structure_as_large_as_it_was(shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(0).random((1, *shape), np.float32) * 0.2
    share = np.zeros(shape, np.float32)
    share[tuple(slice(side // 2 - 3, side // 2 + 3) for side in shape)] = 1  # 6 voxels across
    small = share > 0.5
    smooth = Guide(image, RefineSettings()).smooth_share(share)
    assert 0.95 <= (smooth > 0.5).sum() / small.sum() <= 1
    assert (smooth[small] > 0.5).mean() > 0.7
    assert Guide(image, RefineSettings()).smooth(share)[~small].max() > 0.05
    empty = np.zeros(shape, np.float32)
    assert not Guide(image, RefineSettings()).smooth_share(empty).any()
    thin = Guide(image[..., 0], RefineSettings(), len(shape))
    assert thin.smooth_share(share[..., 20]).shape == shape[:-1]


def test_small_islands_and_holes_go() -> None:
    mask = np.zeros((30, 30), bool)
    mask[5:25, 5:25] = True
    clean = mask.copy()
    mask[12:14, 12:14] = False
    mask[1, 1] = True
    assert np.array_equal(without_islands(mask, 0.05), clean)
    assert np.array_equal(without_islands(mask, 0), mask)
    ring = clean.copy()
    ring[8:22, 8:22] = False
    assert np.array_equal(without_islands(ring, 0.05), ring)


def test_a_sure_mask_expects_more() -> None:
    sure = np.array([0.95, 0.9, 0.05, 0.0])
    unsure = np.array([0.6, 0.55, 0.45, 0.4])
    assert expected_dice(sure) == pytest.approx(2 * 1.85 / 3.9)
    assert expected_dice(sure) > expected_dice(unsure)
    assert expected_dice(np.zeros(4)) == 0


def test_an_unusual_size_is_less_trusted() -> None:
    trust = typicality(np.array([0.2, 0.21, 0.19, 0.2, 0.02]))
    assert trust[-1] < 0.1
    assert trust[:4].min() > 0.8


def test_a_model_without_clusters_is_refused(embedded: EmbeddedCohort) -> None:
    with pytest.raises(ModelError, match="no clusters of its own"):
        model_clusters(embedded, "assignment")


def test_one_map_of_clusters_serves_every_level(embedded: EmbeddedCohort) -> None:
    found = find_clusters(embedded, 12)
    case = embedded.cases[2]
    shown = cluster_map(found.shares(case), case, REFINE)
    assert shown.shape == case.case.grid.shape
    members = [int(one) for one in np.flatnonzero(found.tree.groups(4) == 0)]
    share = organ_share(found.shares(case), members, case, REFINE)
    assert dice(np.isin(shown, members), share > 0.5) > 0.9
