"""How far a found point is to be trusted."""

from __future__ import annotations

import math

from medssl.landmarks.found import Level
from medssl.landmarks.matching import Matches

HIGH = 0.6
LOW = 0.35


def confidence_of(matches: Matches, row: int) -> float:
    """Confidence of one match, 0 to 1: a logistic of the signs of a good match.

    The weights were fitted once to the errors on phantoms and real cohorts
    (docs/method-landmarks.md has the rank correlations).
    """
    score = (
        4.0 * float(matches.similarity[row])
        + 1.0 * min(float(matches.margin[row]), 0.5)
        - 0.1 * min(float(matches.cycle[row]), 10.0)
        - 8.0 * min(float(matches.disagreement[row]), 0.15)
        + 0.1 * min(float(matches.support[row]), 10.0)
    )
    return 1 / (1 + math.exp(-(score - 2.2)))


def level_of(confidence: float) -> Level:
    """Confidence in words: what to look at first in a review."""
    if confidence >= HIGH:
        return "high"
    return "check" if confidence >= LOW else "low"
