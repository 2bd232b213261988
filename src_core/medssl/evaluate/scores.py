"""Scores of classes and masks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Floats = NDArray[np.floating]


def auc(scores: Floats, present: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Area under the ROC curve: how often a positive case scores higher than a negative one.

    Parameters
    ----------
    scores
        ``(..., N, K)``: score of each class in each case.
    present
        ``(N, K)`` or of the same shape: whether the case has it.

    Returns
    -------
    numpy.ndarray
        ``(..., K)``; equal scores count half, and it is NaN where all cases or none have it.

    Examples
    --------
    >>> auc(np.array([[0.1], [0.4], [0.8]]), np.array([[False], [True], [True]]))
    array([1.])
    """
    ranks = rankdata(scores, axis=-2)
    positive = np.broadcast_to(present, scores.shape)
    count = positive.sum(-2)
    others = scores.shape[-2] - count
    lifted = (ranks * positive).sum(-2) - count * (count + 1) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(lifted / (count * others), np.float64)


def dice(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float | None:
    """Dice's coefficient of two masks; None where the true one is empty."""
    size = int(truth.sum())
    if size == 0:
        return None
    return float(2 * (predicted & truth).sum() / (int(predicted.sum()) + size))
