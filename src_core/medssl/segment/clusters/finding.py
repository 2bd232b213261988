"""Find the clusters of a cohort: k-means on a sample of its cells, or a model's own head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from medssl.embed import EmbeddedCase, EmbeddedCohort, prototype_map
from medssl.errors import ModelError, SettingsError
from medssl.progress import Progress, silent
from medssl.segment.clusters.counting import choose_count
from medssl.segment.clusters.features import FeatureWeights, cell_features
from medssl.segment.clusters.kmeans import nearest_centres, spherical_kmeans
from medssl.segment.clusters.tree import MergeTree, merge_tree

if TYPE_CHECKING:
    from medssl.embed.net import NetEmbedder

Floats = NDArray[np.float32]
SAMPLE = 32_768
"""Cells of the cohort that k-means sees."""
TEMPERATURE = 0.05
"""How soft the shares of k-means' clusters are, in units of the cosine."""


class Clusters(Protocol):
    """Clusters that mean the same structure in every image of a cohort."""

    @property
    def tree(self) -> MergeTree:
        """How they merge."""

    def shares(self, case: EmbeddedCase) -> Floats:
        """Return the share of each cluster in each cell ``(K, *cells)``, of sum 1."""


@dataclass(frozen=True)
class PrototypeClusters:
    """Clusters around unit vectors.

    Parameters
    ----------
    prototypes
        ``(K, F)``, unit length.
    weights
        What counts beside the embedding.
    tree
        How they merge.
    temperature
        Of the softmax over prototypes.
    """

    prototypes: Floats
    weights: FeatureWeights
    tree: MergeTree
    temperature: float = TEMPERATURE

    def shares(self, case: EmbeddedCase) -> Floats:
        """Return the share of each cluster in each cell ``(K, *cells)``, of sum 1."""
        features = np.moveaxis(cell_features(case, self.weights), -1, 0)
        return prototype_map(features, self.prototypes, self.temperature)


@dataclass(frozen=True)
class HeadClusters:
    """Clusters that a model assigns itself.

    Parameters
    ----------
    embedder
        A model with a clustering head.
    tree
        How they merge.
    """

    embedder: NetEmbedder
    tree: MergeTree

    def shares(self, case: EmbeddedCase) -> Floats:
        """Return the share of each cluster in each cell ``(K, *cells)``, of sum 1."""
        _, shares = self.embedder.embed_and_assign(case.case.array)
        return np.asarray(shares, np.float32)


def find_clusters(
    embedded: EmbeddedCohort,
    count: int | None = None,
    weights: FeatureWeights | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> PrototypeClusters:
    """Cluster a sample of all cells of a cohort by spherical k-means.

    Parameters
    ----------
    embedded
        The images; none of them needs a label.
    count
        Number of clusters; None: chosen (`medssl.segment.clusters.counting`).
    weights
        What counts beside the embedding.
    seed
        Decides sample and start.
    progress
        Called throughout; may raise `Cancelled`.

    Raises
    ------
    SettingsError
        If there are fewer cells than clusters.
    """
    weights = weights if weights is not None else FeatureWeights()
    sample, owners = sample_cells(embedded, weights, seed, progress)
    if count is None:
        count = choose_count(sample, owners, seed, progress)
    centres = spherical_kmeans(sample, count, seed, progress)
    nearest, _ = nearest_centres(sample, centres)
    tree = merge_tree(centres, np.bincount(nearest, minlength=count))
    return PrototypeClusters(centres, weights, tree)


def model_clusters(embedded: EmbeddedCohort, reading: str) -> PrototypeClusters | HeadClusters:
    """Take the clusters that a model has learned.

    Parameters
    ----------
    embedded
        Images with the embeddings of the model.
    reading
        ``"assignment"``: what its clustering head says; ``"prototypes"``: the likeness to its
        prototypes over the cohort that it was trained on.

    Raises
    ------
    ModelError
        If the model has no clusters.
    SettingsError
        If there is no such reading.
    """
    embedder = embedded.embedder
    prototypes = getattr(embedder, "prototypes", None)
    if prototypes is None:
        raise ModelError(
            f"{embedder.name}: this model has no clusters of its own. Read it by k-means, or train "
            "one with a second stage (medssl pretrain --clusters 16)."
        )
    from medssl.embed.clusters import TEMPERATURE as SHARP
    from medssl.embed.net import NetEmbedder  # torch: only where a model is

    assert isinstance(embedder, NetEmbedder)
    tree = merge_tree(prototypes, np.ones(len(prototypes)))
    if reading == "assignment":
        return HeadClusters(embedder, tree)
    if reading == "prototypes":
        return PrototypeClusters(prototypes, FeatureWeights(place=0, grey=0), tree, SHARP)
    raise SettingsError(f"clusters are read by assignment or prototypes, not by {reading!r}")


def sample_cells(
    embedded: EmbeddedCohort,
    weights: FeatureWeights,
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[Floats, NDArray[np.int64]]:
    """Draw cells, equally many of each image.

    Returns
    -------
    sample
        ``(N, F)``, unit length.
    owners
        ``(N,)``: number of the image of each.
    """
    rng = np.random.default_rng(seed)
    room = max(1, SAMPLE // len(embedded.cases))
    found, owners = [], []
    for number, case in enumerate(embedded.cases):
        features = cell_features(case, weights)
        features = features.reshape(-1, features.shape[-1])
        drawn = rng.permutation(len(features))[:room]
        found.append(features[drawn])
        owners.append(np.full(len(drawn), number, np.int64))
        progress(number + 1, len(embedded.cases), f"reading cells of {case.case.name}")
    return np.concatenate(found), np.concatenate(owners)
