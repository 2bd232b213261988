"""What error is left in predictions that nobody has looked at, judged by the corrections so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

FEWEST = 5
"""Fewer reviewed predictions than this say nothing."""

_SHRINKAGE = 8.0
_DRAWS = 400
_SHARE = 0.9
Floats = NDArray[np.float64]


class Reviewed(NamedTuple):
    """A prediction that a person has corrected or accepted: its confidence, and its error."""

    confidence: float
    error: float


class ExpectedError(NamedTuple):
    """Mean error to be expected of the predictions that wait, in the unit of the errors given.

    Parameters
    ----------
    mean
        The estimate.
    low, high
        In about nine of ten cohorts the mean error of what waits lies between; with a handful
        reviewed in about eight.
    reviewed, waiting
        Number of predictions that it stands on, and that it is about.
    """

    mean: float
    low: float
    high: float
    reviewed: int
    waiting: int


def expected_error(reviewed: Sequence[Reviewed], waiting: Sequence[float]) -> ExpectedError | None:
    """Estimate the mean error of the predictions that wait.

    The error is fitted as a falling function of the confidence (isotonic regression), drawn
    towards the mean as long as little was reviewed. So it may be told although the least sure
    were reviewed first; where all that waits is surer than all that was reviewed, the error of
    the surest reviewed stands for it, which is rather too much than too little. The interval
    comes from drawing the reviewed anew, widened for a small number as Student's t is, and from
    the scatter of single errors, about their mean, since about the fit they lie too close.

    Parameters
    ----------
    reviewed
        Confidence and error of each prediction that a person has answered, the error in the unit
        that the answer is wanted in (mm, or pixels).
    waiting
        Confidences of the predictions that wait.

    Returns
    -------
    expected
        None with fewer than `FEWEST` reviewed, or where nothing waits.
    """
    if len(reviewed) < FEWEST or not waiting:
        return None
    pairs = np.array(sorted(reviewed), float)
    sure, error = pairs[:, 0], pairs[:, 1]
    left = np.asarray(waiting, float)
    mean = float(_expect(sure, error, left).mean())
    generator = np.random.default_rng(0)
    means = np.empty(_DRAWS)
    for draw in range(_DRAWS):
        rows = np.sort(generator.integers(len(pairs), size=len(pairs)))
        means[draw] = _expect(sure[rows], error[rows], left).mean()
    scatter = float(error.std(ddof=1)) / np.sqrt(len(left))
    width = t.ppf((1 + _SHARE) / 2, len(pairs) - 1) * float(np.hypot(means.std(ddof=1), scatter))
    return ExpectedError(mean, max(0.0, mean - width), mean + width, len(pairs), len(left))


def _expect(sure: Floats, error: Floats, at: Floats) -> Floats:
    """Error to be expected at some confidences; `sure` rises."""
    fitted = _falling(sure, error)
    weight = len(sure) / (len(sure) + _SHRINKAGE)
    return weight * np.interp(at, sure, fitted) + (1 - weight) * error.mean()


def _falling(sure: Floats, error: Floats) -> Floats:
    """Nearest never rising values, by pooling adjacent violators; equal confidences are one."""
    levels: list[tuple[float, int]] = []
    edges = np.flatnonzero(np.diff(sure)) + 1
    for part in np.split(error, edges):
        mean, count = float(part.mean()), len(part)
        while levels and levels[-1][0] < mean:
            before, number = levels.pop()
            mean = (before * number + mean * count) / (number + count)
            count += number
        levels.append((mean, count))
    return np.repeat([mean for mean, _ in levels], [count for _, count in levels])
