"""Structures without an outline: clusters of dense embeddings that mean the same in all images."""

from __future__ import annotations

from medssl.segment.clusters.features import FeatureWeights
from medssl.segment.clusters.finding import (
    Clusters,
    HeadClusters,
    PrototypeClusters,
    find_clusters,
    model_clusters,
)
from medssl.segment.clusters.maps import cluster_map, structure_map
from medssl.segment.clusters.organ import (
    Coverage,
    coverage,
    expected_dice,
    organ_mask,
    organ_share,
    organ_trust,
    typicality,
)
from medssl.segment.clusters.refining import RefineSettings
from medssl.segment.clusters.storage import has_clusters, load_clusters, save_clusters
from medssl.segment.clusters.tree import MergeTree, merge_tree

__all__ = [
    "Clusters",
    "Coverage",
    "FeatureWeights",
    "HeadClusters",
    "MergeTree",
    "PrototypeClusters",
    "RefineSettings",
    "cluster_map",
    "coverage",
    "expected_dice",
    "find_clusters",
    "has_clusters",
    "load_clusters",
    "merge_tree",
    "model_clusters",
    "organ_mask",
    "organ_share",
    "organ_trust",
    "save_clusters",
    "structure_map",
    "typicality",
]
