"""Clusters and few labels on volumes, and clusters that a model brings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from medssl.embed import EmbeddedCohort, embed_cohort
from medssl.embed.instant import InstantEmbedder
from medssl.embed.net import NetEmbedder
from medssl.errors import SettingsError
from medssl.evaluate.scores import dice
from medssl.io import list_images
from medssl.models import ClusterInfo, DataInfo, EmbeddingInfo, ModelCard, save_model
from medssl.nets import Architecture, build_net
from medssl.phantom import write_cohort
from medssl.prepare import ArrayCache, PrepareSettings, prepare_cohort
from medssl.segment.clusters import (
    HeadClusters,
    PrototypeClusters,
    RefineSettings,
    find_clusters,
    model_clusters,
    structure_map,
)
from medssl.segment.few import LabelTeacher
from medssl.transfer import MaskFiles, find_masks

REFINE = RefineSettings(radius=1)


@pytest.fixture(scope="module")
def trunks(tmp_path_factory: pytest.TempPathFactory) -> tuple[EmbeddedCohort, MaskFiles]:
    root = tmp_path_factory.mktemp("trunks")
    folder = write_cohort(root, 3, ndim=3, seed=3, size=32)
    cache = ArrayCache(root / "cache")
    listing = list_images(folder.images)
    prepared = prepare_cohort(listing, PrepareSettings(ndim=3, max_side=32), cache)
    embedded = embed_cohort(prepared, InstantEmbedder(3, prepared.settings), cache)
    found = find_masks(folder.masks, prepared.cases)
    return embedded, find_masks(folder.masks, prepared.cases, {found.names[0]: (found.names[0],)})


def test_a_volume_is_cut_into_structures_on_its_own_grid(
    trunks: tuple[EmbeddedCohort, MaskFiles],
) -> None:
    embedded, _ = trunks
    clusters = find_clusters(embedded, 6)
    case = embedded.cases[1]
    labels = structure_map(clusters, case, 3, REFINE)
    assert labels.shape == case.case.source_grid.shape
    assert len(np.unique(labels)) > 1


def test_one_slice_is_that_of_the_volume(trunks: tuple[EmbeddedCohort, MaskFiles]) -> None:
    embedded, masks = trunks
    case = max(embedded.cases, key=lambda one: masks.read(one.case).sum())
    teacher = LabelTeacher(embedded, masks.names, refine=RefineSettings(radius=0))
    teacher.show(case.case.key, masks.read(case.case))
    teacher.fit()
    key, shape = case.case.key, case.case.grid.shape
    cells = teacher.shares(key)
    for axis in range(3):
        one = teacher.slice(key, axis, shape[axis] // 2)
        assert one.shape == (1, *(side for number, side in enumerate(shape) if number != axis))
        layer = cells[1].take(shape[axis] // 2 // case.stride, axis)
        assert one.max() == pytest.approx(layer.max(), abs=0.2)
    with pytest.raises(SettingsError, match="no slice 99"):
        teacher.slice(key, 0, 99)
    assert dict(teacher.cohort()).keys() == {one.case.key for one in embedded.cases}


def test_a_model_brings_clusters_of_its_own(tmp_path: Path, discs: tuple[Path, Path]) -> None:
    torch.manual_seed(0)
    net_of = Architecture.plain(2, widths=(4, 8, 8), embedding_channels=6, clusters=3)
    net = build_net(net_of)
    net.prototypes.copy_(torch.nn.functional.normalize(torch.randn(3, 6), dim=1))
    card = ModelCard(
        architecture=net_of,
        input=PrepareSettings(longest_side=64),
        embedding=EmbeddingInfo(channels=6, stride=net_of.out_stride),
        clusters=ClusterInfo(count=3, n_images=8, shares=(0.4, 0.3, 0.3)),
        data=DataInfo(n_images=8),
    )
    embedder = NetEmbedder.open(save_model(tmp_path / "net", net, card), 2, "cpu")
    cache = ArrayCache(tmp_path / "cache")
    prepared = prepare_cohort(list_images(discs[0]), embedder.settings, cache)
    embedded = embed_cohort(prepared, embedder, cache)
    case = embedded.cases[0]
    by_head, by_likeness = (model_clusters(embedded, r) for r in ("assignment", "prototypes"))
    assert isinstance(by_head, HeadClusters)
    assert isinstance(by_likeness, PrototypeClusters)
    for clusters in (by_head, by_likeness):
        shares = clusters.shares(case)
        assert shares.shape == (3, *case.cells)
        assert np.allclose(shares.sum(0), 1, atol=0.01)
    likeness = np.tensordot(embedder.prototypes, np.moveaxis(case.embedding, -1, 0), 1)
    assert (by_likeness.shares(case).argmax(0) == likeness.argmax(0)).mean() > 0.98
    with pytest.raises(SettingsError, match="not by 'guess'"):
        model_clusters(embedded, "guess")


def test_one_outlined_volume_finds_small_structures_in_others(
    data_dir: Path, tmp_path: Path
) -> None:
    """With the defaults: a border smoothed as in pictures had swallowed all of them (Dice 0)."""
    folder = data_dir / "hippocampus_msd"
    listing = list_images(folder / "images")
    cache = ArrayCache(tmp_path)
    prepared = prepare_cohort(
        replace(listing, sources=listing.sources[:4]), PrepareSettings(ndim=3), cache
    )
    embedded = embed_cohort(prepared, InstantEmbedder(3, prepared.settings), cache)
    masks = find_masks(folder / "masks", prepared.cases, {"anterior": ("1",), "posterior": ("2",)})
    teacher = LabelTeacher(embedded, masks.names)
    first, *others = prepared.cases
    teacher.show(first.key, masks.read(first))
    teacher.fit()
    scores = [
        dice(found > 0.5, true)
        for case in others
        for found, true in zip(teacher.probabilities(case.key), masks.read(case), strict=True)
    ]
    assert np.mean(scores) > 0.5
