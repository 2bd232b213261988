"""From logits to probabilities that mean what they say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import rankdata

_TIGHT = 1.0
"""How many images' worth of evidence it takes to move away from the logits as they are."""
_FLATTEST = 0.05


class Calibration(BaseModel):
    """``p = σ(slope · logit + offset)`` of one question."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slope: float = Field(default=1.0, gt=0, description="One over the temperature.")
    offset: float = Field(default=0.0, description="Added: how common a yes is.")

    def probability(self, logits: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return probabilities of logits."""
        return np.asarray(expit(self.slope * logits + self.offset), np.float64)


def calibrate(logits: NDArray[np.floating], yes: NDArray[np.bool_]) -> Calibration:
    """Find slope and offset by maximum likelihood, held near 1 and 0 where images are few.

    Parameters
    ----------
    logits
        ``(N,)``: of images that the net did not learn from.
    yes
        ``(N,)``: their answers.
    """
    values = np.asarray(logits, np.float64)
    sign = np.where(yes, 1.0, -1.0)

    def loss(at: NDArray[np.float64]) -> float:
        z = np.exp(at[0]) * values + at[1]
        fit = np.logaddexp(0, -sign * z).sum()
        return float(fit + _TIGHT * (at[0] ** 2 + at[1] ** 2) / 2)

    found = minimize(loss, np.zeros(2), method="Nelder-Mead")
    slope = max(_FLATTEST, float(np.exp(found.x[0])))
    return Calibration(slope=round(slope, 6), offset=round(float(found.x[1]), 6))


def separation(scores: NDArray[np.floating], yes: NDArray[np.bool_]) -> float:
    """Area under the ROC curve: how often a yes scores higher than a no; NaN where one lacks.

    Examples
    --------
    >>> separation(np.array([0.1, 0.4, 0.8]), np.array([False, True, True]))
    1.0
    """
    count = int(yes.sum())
    if count in (0, len(yes)):
        return float("nan")
    lifted = rankdata(scores)[yes].sum() - count * (count + 1) / 2
    return float(lifted / (count * (len(yes) - count)))


def brier(probabilities: NDArray[np.floating], yes: NDArray[np.bool_]) -> float:
    """Mean squared distance of probabilities from what was true: 0 is perfect."""
    return float(np.mean((probabilities - yes) ** 2))
