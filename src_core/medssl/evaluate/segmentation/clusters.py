"""Clusters as a method: a union of them is chosen on the shots, and read in the others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medssl.embed import EmbeddedCase, EmbeddedCohort
from medssl.evaluate.segmentation.methods import Answer
from medssl.prepare import Case
from medssl.progress import Progress
from medssl.segment.clusters import (
    Clusters,
    FeatureWeights,
    RefineSettings,
    coverage,
    find_clusters,
    organ_mask,
    organ_share,
    organ_trust,
)
from medssl.segment.clusters.controls import OTSU
from medssl.segment.clusters.finding import Floats
from medssl.transfer import MaskFiles


class ClusterMethod:
    """Best single cluster and best union, chosen on the shots.

    Parameters
    ----------
    embedded
        All images; no mask is looked at to cluster them.
    clusters
        What they are made of.
    refine
        How borders are smoothed.
    """

    def __init__(
        self, embedded: EmbeddedCohort, clusters: Clusters, refine: RefineSettings
    ) -> None:
        self._embedded = embedded
        self._clusters = clusters
        self._refine = refine
        self._choices: list[dict[str, tuple[int, ...]]] = []

    def learn(self, shots: Sequence[Case], masks: MaskFiles, progress: Progress) -> dict[str, Any]:
        """Choose a single cluster and a union for each structure; returns what was chosen."""
        found = []
        for number, shot in enumerate(shots):
            case = self._embedded.case(shot.key)
            found.append([coverage(self._clusters, case, mask) for mask in masks.read(shot)])
            progress(number + 1, len(shots), "choosing clusters")
        joined = [reduce(add, of_one) for of_one in zip(*found, strict=True)]
        self._choices = [{"union": one.union, "single": (one.single,)} for one in joined]
        chosen = dict(zip(masks.names, self._choices, strict=True))
        return {"clusters": self._clusters.tree.count, "chosen": chosen}

    def predict(self, case: Case) -> Answer:
        """Read union and single cluster of each structure in an image."""
        embedded = self._embedded.case(case.key)
        shares = self._clusters.shares(embedded)
        masks = {
            variant: np.stack(
                [self._read(shares, choice[variant], embedded) for choice in self._choices]
            )
            for variant in ("union", "single")
        }
        return Answer(masks, [organ_trust(shares, one["union"]) for one in self._choices])

    def _read(
        self, shares: Floats, members: tuple[int, ...], case: EmbeddedCase
    ) -> NDArray[np.bool_]:
        return organ_mask(organ_share(shares, members, case, self._refine), case, self._refine)


def control_clusters(embedded: EmbeddedCohort, model: str, count: int | None) -> Clusters:
    """Cluster grey values alone; Otsu's threshold gives two clusters."""
    plain = FeatureWeights(place=0, grey=0)
    return find_clusters(embedded, 2 if model == OTSU else count, plain)
