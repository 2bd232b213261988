"""Intervals of means over cases and seeds, by resampling both."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Statistic = Callable[[NDArray[np.int64], NDArray[np.int64]], float]
"""The value for a choice of seeds and of cases, both as indices with repetition."""

PERCENTILES = (2.5, 97.5)


def interval(
    statistic: Statistic,
    seeds: int,
    strata: NDArray[np.int64],
    draws: int,
    random_seed: int = 0,
) -> tuple[float, float]:
    """Return the 95 % percentile interval of a statistic.

    Cases are resampled within their classes, so that no class is ever missing. Where methods are
    compared, the statistic is their difference on the same choice: the interval is paired.

    Parameters
    ----------
    statistic
        What is estimated.
    seeds
        Number of seeds.
    strata
        ``(N,)``: class of each case; all alike where there is none.
    draws
        Number of resamplings.
    random_seed
        Of the resampling.
    """
    rng = np.random.default_rng(random_seed)
    members = [np.flatnonzero(strata == one) for one in np.unique(strata)]
    values = np.empty(draws)
    for number in range(draws):
        chosen = rng.integers(seeds, size=seeds)
        cases = np.concatenate([one[rng.integers(len(one), size=len(one))] for one in members])
        values[number] = statistic(chosen, cases)
    low, high = np.percentile(values, PERCENTILES)
    return float(low), float(high)
