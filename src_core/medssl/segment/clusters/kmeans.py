"""Spherical k-means: unit vectors grouped by the cosine to a centre."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from medssl.embed.clusters import unit_rows
from medssl.errors import SettingsError
from medssl.progress import Progress, silent

Floats = NDArray[np.float32]
ROUNDS = 40
_ENOUGH = 1e-5
"""Gain of the mean cosine a round below which nothing changes any more."""
_ROWS = 1 << 16


def spherical_kmeans(
    vectors: Floats,
    count: int,
    seed: int = 0,
    progress: Progress = silent,
    rounds: int = ROUNDS,
) -> Floats:
    """Group unit vectors: the centres ``(K, E)``, of unit length.

    Centres begin apart from each other (k-means++ with ``1 − cosine`` as the distance). A centre
    that nothing belongs to moves to the vector that is served worst.

    Parameters
    ----------
    vectors
        ``(N, E)``, unit length.
    count
        Number of clusters ``K``.
    seed
        Decides where centres begin.
    progress
        Called at each round; may raise `Cancelled`.
    rounds
        Most rounds.

    Raises
    ------
    SettingsError
        If there are fewer different vectors than clusters.

    References
    ----------
    I. S. Dhillon and D. S. Modha, Concept decompositions for large sparse text data using
    clustering, Machine Learning 42, 2001. D. Arthur and S. Vassilvitskii, k-means++, SODA 2007.
    """
    if count < 1 or count > len(vectors):
        raise SettingsError(
            f"{count} clusters cannot be made of {len(vectors)} vectors; ask for fewer clusters, "
            "or give more images"
        )
    centres = _begin(vectors, count, np.random.default_rng(seed))
    before = -np.inf
    for number in range(rounds):
        nearest, cosine = nearest_centres(vectors, centres)
        centres = _move(vectors, nearest, cosine, count)
        progress(number + 1, rounds, f"grouping into {count} clusters")
        quality = float(cosine.mean())
        if quality - before < _ENOUGH:
            break
        before = quality
    return centres


def nearest_centres(
    vectors: Floats, centres: Floats
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the nearest centre of each vector ``(N,)``, and the cosine to it ``(N,)``."""
    nearest = np.empty(len(vectors), np.int64)
    cosine = np.empty(len(vectors), np.float32)
    for rows in _blocks(len(vectors)):
        scores = vectors[rows] @ centres.T
        nearest[rows] = scores.argmax(1)
        cosine[rows] = scores.max(1)
    return nearest, cosine


def _begin(vectors: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Draw the first centres one by one, those that are far from all others the likelier."""
    chosen = [int(rng.integers(len(vectors)))]
    away = np.full(len(vectors), np.inf)
    while len(chosen) < count:
        np.minimum(away, np.maximum(0.0, 1.0 - vectors @ vectors[chosen[-1]]), out=away)
        away[chosen] = 0.0
        total = away.sum()
        if total <= 0:
            raise SettingsError(
                f"only {len(chosen)} different vectors are there to make {count} clusters of; ask "
                "for fewer clusters, or give more images"
            )
        chosen.append(int(rng.choice(len(vectors), p=away / total)))
    return vectors[chosen].copy()


def _move(
    vectors: Floats, nearest: NDArray[np.int64], cosine: NDArray[np.float32], count: int
) -> Floats:
    """Put each centre in the mean direction of what belongs to it."""
    ones = np.ones(len(vectors), np.float32)
    belongs = sparse.csr_array(
        (ones, (nearest, np.arange(len(vectors)))), shape=(count, len(vectors))
    )
    centres = unit_rows(belongs @ vectors)
    empty = np.flatnonzero(np.bincount(nearest, minlength=count) == 0)
    if len(empty):
        centres[empty] = vectors[np.argsort(cosine)[: len(empty)]]
    return centres


def _blocks(count: int) -> Iterator[slice]:
    for begin in range(0, count, _ROWS):
        yield slice(begin, begin + _ROWS)
