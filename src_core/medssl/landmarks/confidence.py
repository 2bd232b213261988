"""How far a found point is to be trusted."""

from __future__ import annotations

import math

from medssl.landmarks.found import Level
from medssl.landmarks.matching import Matches

HIGH = 0.5
LOW = 0.35

_STEEPNESS = 3.0
_NOTHING_ALIKE = 0.05
_USUAL_SCATTER = -3.75


def confidence_of(matches: Matches, row: int) -> float:
    """Confidence of one match, 0 to 1: a logistic of the signs of a good match.

    The signs are how far ways through other images disagree, how far the found place matches
    back to the click, and how many trusted matches support the alignment there. Their weights
    follow the regression of the logarithm of the error on them, once, on chest phantoms and
    films (docs/method-landmarks.md has the rank correlations). A place that looks like nothing
    in the template, as in an empty image, gets almost none.
    """
    if float(matches.similarity[row]) < _NOTHING_ALIKE:
        return 0.01
    scatter = float(matches.scatter[row])
    ways = _USUAL_SCATTER if math.isnan(scatter) else math.log(scatter + 0.003)
    expected_log_error = (
        0.18 * (ways + 3.75) / 0.45
        + 0.10 * (math.log1p(float(matches.cycle[row])) - 1.25) / 0.63
        - 0.06 * (math.log(float(matches.support[row]) + 0.5) - 1.5) / 0.35
    )
    return 1 / (1 + math.exp(min(_STEEPNESS * expected_log_error, 50.0)))


def level_of(confidence: float) -> Level:
    """Confidence in words: what to look at first in a review."""
    if confidence >= HIGH:
        return "high"
    return "check" if confidence >= LOW else "low"
