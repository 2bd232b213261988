"""What a cell is like: its nearness to places of the feature space that the cohort has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medssl.embed import EmbeddedCase
from medssl.segment.clusters.kmeans import spherical_kmeans
from medssl.segment.few.cells import CellReader
from medssl.segment.few.head import LinearHead

Floats = NDArray[np.float32]
ANCHORS = 256
REACH = 0.1
"""Fall of the cosine over which an anchor's say falls to 1/e."""
_SAMPLE = 8192
_MOST_CELLS = 1 << 20
"""Cells that are looked at for anchors, at most, but for the first image."""
_ROWS = 1 << 15


@dataclass(frozen=True)
class AnchorHead:
    """A linear head on how near a cell is to each of some anchors.

    An organ of two lungs, or of bright and dark parts, is no half space of the features; of the
    nearnesses it is one.

    Parameters
    ----------
    anchors
        Unit vectors ``(A, F)``.
    linear
        Learned on the nearnesses.
    """

    anchors: Floats
    linear: LinearHead

    def shares(self, features: NDArray[Any]) -> Floats:
        """Return the probability of each class for features ``(..., F)``: ``(..., C)``."""
        rows = features.reshape(-1, features.shape[-1])
        parts = [
            self.linear.shares(nearness(rows[begin : begin + _ROWS], self.anchors))
            for begin in range(0, max(1, len(rows)), _ROWS)
        ]
        return np.concatenate(parts).reshape(*features.shape[:-1], -1)


def nearness(features: NDArray[Any], anchors: Floats) -> Floats:
    """Return ``exp((cosine − 1) / REACH)`` of unit vectors ``(N, F)`` to anchors: ``(N, A)``."""
    near: Floats = np.asarray(features, np.float32) @ anchors.T
    near -= 1
    near /= REACH
    return np.exp(near, out=near)


def choose_anchors(cases: Sequence[EmbeddedCase], cells: CellReader, seed: int) -> Floats:
    """Spread anchors over what the images hold, by k-means: ``(A, F)``.

    Parameters
    ----------
    cases
        Images, those first that must have a say: of large volumes only the first is read.
    cells
        Reads their features.
    seed
        Of the draw of cells and of k-means.
    """
    read: list[EmbeddedCase] = []
    total = 0
    for case in cases:
        total += int(np.prod(case.cells))
        if read and total > _MOST_CELLS:
            break
        read.append(case)
    rng = np.random.default_rng(seed)
    share = max(1, _SAMPLE // len(read))
    drawn = []
    for case in read:
        count = int(np.prod(case.cells))
        drawn.append(cells.read_cells(case, rng.permutation(count)[:share]))
    vectors = np.concatenate(drawn)
    different = len(np.unique(vectors, axis=0))
    return spherical_kmeans(vectors, min(ANCHORS, different), seed, rounds=10)
