"""From an embedded cohort to files: clusters, organs of clusters, organs of few labels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medssl.embed import EmbeddedCohort
from medssl.errors import SettingsError
from medssl.prepare import Case
from medssl.progress import Progress, silent
from medssl.segment.clusters import (
    Clusters,
    FeatureWeights,
    HeadClusters,
    PrototypeClusters,
    RefineSettings,
    coverage,
    expected_dice,
    find_clusters,
    model_clusters,
    organ_mask,
    organ_share,
    organ_trust,
    structure_map,
)
from medssl.segment.few import PLACE, LabelTeacher
from medssl.segment.writing import STRUCTURES_NAME, Outlined, write_label_maps, write_outlined
from medssl.transfer import MaskFiles
from medssl.transfer.predictions import label_map

SHOWN = 16
"""Structures of label maps, where nothing else is asked for."""
KMEANS = "kmeans"


def open_clusters(
    embedded: EmbeddedCohort,
    count: int | None = None,
    reading: str = KMEANS,
    upright: bool = True,
    seed: int = 0,
    progress: Progress = silent,
) -> PrototypeClusters | HeadClusters:
    """Find clusters by k-means, or take those that a model has learned.

    Parameters
    ----------
    embedded
        The images.
    count
        Clusters of k-means; None: chosen.
    reading
        ``kmeans``, or a model's own ``assignment`` or ``prototypes``.
    upright
        Whether the place in the image means something.
    seed
        Of k-means.
    progress
        Called throughout; may raise `Cancelled`.

    Raises
    ------
    SettingsError
        If a number is asked for that k-means does not decide.
    ModelError
        If the model has no clusters of its own.
    """
    if reading != KMEANS:
        if count is not None:
            raise SettingsError("a number of clusters is for clusters by k-means only")
        return model_clusters(embedded, reading)
    weights = FeatureWeights() if upright else FeatureWeights(place=0)
    return find_clusters(embedded, count, weights, seed, progress)


def write_structures(
    folder: Path,
    embedded: EmbeddedCohort,
    clusters: Clusters,
    level: int | None = None,
    progress: Progress = silent,
) -> Path:
    """Write label maps of the structures of a level: 1 to `level`, the same in all images.

    Raises
    ------
    SettingsError
        If there is no such level.
    StorageError
        If a file cannot be written.
    """
    shown = min(SHOWN, clusters.tree.count) if level is None else level
    clusters.tree.groups(shown)
    cases = [one.case for one in embedded.cases]

    def labels_of(case: Case) -> NDArray[np.uint16]:
        return structure_map(clusters, embedded.case(case.key), shown, RefineSettings())

    return write_label_maps(folder / STRUCTURES_NAME, cases, labels_of, progress)


def write_organs(
    folder: Path,
    embedded: EmbeddedCohort,
    clusters: Clusters,
    masks: MaskFiles,
    progress: Progress = silent,
) -> Path:
    """Choose a union of clusters for each structure, and write it for all images.

    Images without a mask of a structure, or with an empty one, say nothing of it.

    Raises
    ------
    SettingsError
        If no image has a mask of a structure that is not empty.
    """
    members = []
    learned: set[str] = set()
    for index, name in enumerate(masks.names):
        found = []
        for case in embedded.cases:
            if not masks.known(case.case)[index]:
                continue
            mask = masks.read(case.case)[index]
            if mask.any():
                found.append(coverage(clusters, case, mask))
                learned.add(case.case.key)
        if not found:
            raise SettingsError(f"{masks.folder}: every mask of {name} is empty; draw it in one")
        members.append(reduce(add, found).union)
    refine = RefineSettings()

    def outline(case: Case) -> Outlined:
        one = embedded.case(case.key)
        shares = clusters.shares(one)
        voxels = [organ_share(shares, chosen, one, refine) for chosen in members]
        given = np.stack([organ_mask(share, one, refine) for share in voxels])
        labels = np.zeros(given.shape[1:], np.uint8)
        for index in given.reshape(len(given), -1).sum(1).argsort()[::-1]:
            labels[given[index]] = index + 1  # where organs overlap, the smaller one
        return Outlined(labels, [organ_trust(shares, chosen) for chosen in members])

    cases = [one.case for one in embedded.cases]
    return write_outlined(folder, cases, outline, masks.names, sorted(learned), progress)


def teach(
    embedded: EmbeddedCohort, masks: MaskFiles, keys: Sequence[str], upright: bool
) -> LabelTeacher:
    """Teach a head the masks of some images.

    Raises
    ------
    SettingsError
        If the masks are all empty.
    """
    weights = FeatureWeights(place=PLACE if upright else 0)
    teacher = LabelTeacher(embedded, masks.names, weights)
    for key in keys:
        teacher.show(key, masks.read(embedded.case(key).case))
    teacher.fit()
    return teacher


def write_taught(
    folder: Path,
    embedded: EmbeddedCohort,
    teacher: LabelTeacher,
    keys: Sequence[str],
    progress: Progress = silent,
) -> Path:
    """Write what a head says of all images.

    Raises
    ------
    StorageError
        If a file cannot be written.
    """

    def outline(case: Case) -> Outlined:
        given = teacher.probabilities(case.key)
        return Outlined(label_map(given), [expected_dice(one) for one in given])

    cases = [one.case for one in embedded.cases]
    return write_outlined(folder, cases, outline, teacher.names, keys, progress)
