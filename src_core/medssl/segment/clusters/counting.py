"""How many clusters a cohort has: as many as hold for images that were not clustered."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medssl.progress import Progress, silent
from medssl.segment.clusters.kmeans import nearest_centres, spherical_kmeans

COUNTS = (8, 16, 32, 64, 128)
WORTH = 0.05
"""Share of the remaining distance that twice as many clusters must take away."""
_HELD_OUT = 4
"""One image of so many is not clustered."""
_CELLS = 8192


def choose_count(
    sample: NDArray[np.float32],
    owners: NDArray[Any],
    seed: int = 0,
    progress: Progress = silent,
) -> int:
    """Choose the smallest number of clusters whose double is not worth it.

    Each number is tried on three quarters of the images; it is worth it where the mean distance
    ``1 − cosine`` of the *other* images to their centres falls by 5 % at least. Of one image
    alone every fourth cell is held out.

    Parameters
    ----------
    sample, owners
        Cells and the numbers of their images.
    seed
        Decides the start of the clusters.
    progress
        Called at each number; may raise `Cancelled`.
    """
    alone = len(np.unique(owners)) == 1
    held = (np.arange(len(owners)) if alone else owners) % _HELD_OUT == _HELD_OUT - 1
    if not held.any():
        held = owners == owners.max()
    rng = np.random.default_rng(seed)
    known = sample[~held][rng.permutation((~held).sum())[:_CELLS]]
    fits = [count for count in COUNTS if 2 * count <= len(known)] or [max(1, len(known) // 2)]
    before = np.inf
    for number, count in enumerate(fits):
        progress(number, len(fits), f"trying {count} clusters")
        _, cosine = nearest_centres(sample[held], spherical_kmeans(known, count, seed))
        distance = float(1 - cosine.mean())
        if distance > (1 - WORTH) * before:
            return fits[number - 1]
        before = distance
    return fits[-1]
