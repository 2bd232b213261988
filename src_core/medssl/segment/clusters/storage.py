"""Clusters as files: found once on a cohort, read again for the same images and for new ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from medssl.embed import DenseEmbedder
from medssl.errors import FileRefusedError, ModelError
from medssl.io._atomic import write_binary, write_text
from medssl.segment.clusters.features import FeatureWeights
from medssl.segment.clusters.finding import HeadClusters, PrototypeClusters
from medssl.segment.clusters.tree import MergeTree

SETTINGS_NAME = "clusters.json"
CENTRES_NAME = "centres.npy"
CLUSTERS_NAME = "clusters"
"""Folder of the clusters among the results of `medssl segment clusters`."""
_REMEDY = "Cluster the images anew."


class ClusterRecord(BaseModel):
    """What ``clusters.json`` holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    kind: Literal["prototypes", "assignment"]
    model: str
    fingerprint: str
    count: int
    merges: tuple[tuple[int, int], ...]
    weights: FeatureWeights | None = None
    temperature: float | None = None


def save_clusters(
    folder: Path, clusters: PrototypeClusters | HeadClusters, embedder: DenseEmbedder
) -> Path:
    """Write clusters into a folder; those that were there are replaced.

    Parameters
    ----------
    folder
        It is made where there is none.
    clusters
        Centres, merge tree and settings are written; of a model's own head the tree alone.
    embedder
        The model whose embeddings were clustered; they can be read with it only.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    tree = clusters.tree
    named = {"model": embedder.name, "fingerprint": embedder.fingerprint}
    if isinstance(clusters, HeadClusters):
        record = ClusterRecord(kind="assignment", count=tree.count, merges=tree.merges, **named)
    else:
        record = ClusterRecord(
            kind="prototypes",
            count=tree.count,
            merges=tree.merges,
            weights=clusters.weights,
            temperature=clusters.temperature,
            **named,
        )
        with write_binary(folder / CENTRES_NAME) as binary:
            np.save(binary, clusters.prototypes, allow_pickle=False)
    with write_text(folder / SETTINGS_NAME) as file:
        file.write(record.model_dump_json(indent=1))
    return folder


def has_clusters(folder: Path) -> bool:
    """Whether a folder holds clusters."""
    return (folder / SETTINGS_NAME).is_file()


def load_clusters(folder: Path, embedder: DenseEmbedder) -> PrototypeClusters | HeadClusters:
    """Read clusters, for images embedded with the same model.

    Parameters
    ----------
    folder
        Of the clusters, or the results of `medssl segment clusters` that hold it.
    embedder
        The model of the images.

    Raises
    ------
    FileRefusedError
        If there are none, or a file is damaged.
    ModelError
        If they were found with another model.
    """
    if not has_clusters(folder) and has_clusters(folder / CLUSTERS_NAME):
        folder = folder / CLUSTERS_NAME
    path = folder / SETTINGS_NAME
    try:
        record = ClusterRecord.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise FileRefusedError(path, "there are no clusters here", _REMEDY) from error
    except (ValueError, ValidationError) as error:
        raise FileRefusedError(path, "this file of clusters is damaged", _REMEDY) from error
    if record.fingerprint != embedder.fingerprint:
        raise ModelError(
            f"{path}: the clusters were found with the model {record.model}, the images are "
            f"embedded with {embedder.name}. Choose that model, or cluster the images anew."
        )
    tree = MergeTree(record.count, record.merges)
    if record.kind == "assignment":
        from medssl.embed.net import NetEmbedder  # torch: only where a model is

        assert isinstance(embedder, NetEmbedder), "its fingerprint is that of a net"
        return HeadClusters(embedder, tree)
    if record.weights is None or record.temperature is None:
        raise FileRefusedError(path, "this file of clusters is damaged", _REMEDY)
    centres = _read_centres(folder / CENTRES_NAME, record.count)
    return PrototypeClusters(centres, record.weights, tree, record.temperature)


def _read_centres(path: Path, count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    try:
        centres = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise FileRefusedError(path, "the centres of the clusters are damaged", _REMEDY) from error
    if centres.ndim != 2 or len(centres) != count or not np.isfinite(centres).all():
        raise FileRefusedError(path, "the centres do not fit the clusters", _REMEDY)
    return np.asarray(centres, np.float32)
