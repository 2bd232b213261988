"""Clusters are kept as files, and read in new images as they were."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from medssl.embed import EmbeddedCohort
from medssl.embed.instant import InstantEmbedder
from medssl.errors import FileRefusedError, ModelError
from medssl.prepare import PrepareSettings
from medssl.segment.clusters import FeatureWeights, find_clusters, load_clusters, save_clusters
from medssl.segment.clusters.storage import CENTRES_NAME, SETTINGS_NAME


@pytest.fixture
def saved(tmp_path: Path, embedded: EmbeddedCohort) -> Path:
    few = replace(embedded, cases=embedded.cases[:4])
    found = find_clusters(few, 6, FeatureWeights(place=0.1))
    return save_clusters(tmp_path / "kept" / "clusters", found, embedded.embedder)


def test_what_is_read_says_the_same_of_images_that_were_not_clustered(
    saved: Path, embedded: EmbeddedCohort
) -> None:
    few = replace(embedded, cases=embedded.cases[:4])
    before = find_clusters(few, 6, FeatureWeights(place=0.1))
    after = load_clusters(saved, embedded.embedder)
    new = embedded.cases[6]
    np.testing.assert_array_equal(before.shares(new), after.shares(new))
    assert after.tree == before.tree


def test_the_folder_of_the_results_is_taken_too(saved: Path, embedded: EmbeddedCohort) -> None:
    assert load_clusters(saved.parent, embedded.embedder).tree.count == 6


def test_another_model_is_refused_and_named(saved: Path) -> None:
    other = InstantEmbedder(2, PrepareSettings(longest_side=64))
    with pytest.raises(ModelError, match=r"found with the model .*instant.*anew"):
        load_clusters(saved, other)


def test_a_folder_without_clusters_is_refused(tmp_path: Path, embedded: EmbeddedCohort) -> None:
    with pytest.raises(FileRefusedError, match="no clusters here"):
        load_clusters(tmp_path, embedded.embedder)


@pytest.mark.parametrize("name", [SETTINGS_NAME, CENTRES_NAME])
def test_a_damaged_file_is_refused(saved: Path, embedded: EmbeddedCohort, name: str) -> None:
    whole = (saved / name).read_bytes()
    (saved / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FileRefusedError, match=f"{name}.*damaged"):
        load_clusters(saved, embedded.embedder)


def test_an_object_in_the_file_is_never_made(saved: Path, embedded: EmbeddedCohort) -> None:
    np.save(saved / CENTRES_NAME, np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(FileRefusedError, match="damaged"):
        load_clusters(saved, embedded.embedder)
