"""A linear head on the features of cells, learned anew after each stroke."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

Floats = NDArray[np.float64]
ROUNDS = 60
SHARP = 6.0
"""What unit features are multiplied by, so that a small weight tells much apart."""
_ROWS = 1 << 16
BALANCE = 0.8
"""0: classes count by their cells, 1: all alike; between them small organs are neither lost nor
drawn too large."""
HOLD = 0.003
"""Weight of the squared length of the head's weights, against the mean loss of a cell."""


@dataclass(frozen=True)
class LinearHead:
    """Softmax regression.

    Parameters
    ----------
    weights
        ``(F + 1, C)``; the last row is added to all.
    """

    weights: Floats

    def shares(self, features: NDArray[Any]) -> NDArray[np.float32]:
        """Return the probability of each class for features ``(..., F)``: ``(..., C)``."""
        weights = self.weights.astype(np.float32)
        rows = features.reshape(-1, features.shape[-1])
        given = np.empty((len(rows), weights.shape[1]), np.float32)
        for begin in range(0, len(rows), _ROWS):
            block = np.asarray(rows[begin : begin + _ROWS], np.float32)
            given[begin : begin + _ROWS] = softmax(SHARP * (block @ weights[:-1]) + weights[-1], 1)
        return given.reshape(*features.shape[:-1], -1)


def fit_head(
    features: NDArray[Any], targets: NDArray[Any], begin: LinearHead | None = None
) -> LinearHead:
    """Learn from cells; small classes count for more than their cells.

    Parameters
    ----------
    features
        ``(N, F)``, unit length.
    targets
        ``(N, C)``: share of each class in a cell, of sum 1.
    begin
        A head to begin with, as of the stroke before.
    """
    inputs = np.asarray(features, np.float64)
    wanted = np.asarray(targets, np.float64)
    size = np.maximum(wanted.sum(0), 1e-9)
    classes = wanted.shape[1]
    importance = (wanted / size**BALANCE).sum(1)
    importance /= importance.sum()
    joined = np.concatenate([SHARP * inputs, np.ones((len(inputs), 1))], 1)
    shape = (joined.shape[1], classes)
    first = np.zeros(shape)
    if begin is not None and begin.weights.shape == shape:
        first = begin.weights

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights = flat.reshape(shape)
        logs = log_softmax(joined @ weights, axis=1)
        away = importance[:, None] * (np.exp(logs) - wanted)
        slope = joined.T @ away
        held = weights.copy()
        held[-1] = 0
        value = -float((importance[:, None] * wanted * logs).sum())
        return value + HOLD * float((held**2).sum()) / 2, (slope + HOLD * held).ravel()

    found = minimize(loss, first.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": ROUNDS})
    return LinearHead(np.asarray(found.x).reshape(shape))
