"""How far a found point is to be trusted."""

from __future__ import annotations

import math
from typing import NamedTuple

from medssl.landmarks.matching import Matches
from medssl.levels import HIGH as HIGH
from medssl.levels import LOW as LOW
from medssl.levels import level_of as level_of

_STEEPNESS = 2.3
_MIDDLE = -0.115
_NOTHING_ALIKE = 0.05
_CLEAR_LEAD = 0.35


class _Signs(NamedTuple):
    """The signs of a good match, each on the scale where it predicts the error best."""

    scatter: float
    cycle: float
    trust: float
    support: float
    margin: float


_USUAL = {
    2: _Signs(scatter=-3.70, cycle=1.24, trust=-0.85, support=1.50, margin=0.23),
    3: _Signs(scatter=-3.40, cycle=0.60, trust=-0.82, support=1.15, margin=0.30),
}
_SPREAD = _Signs(scatter=0.38, cycle=0.63, trust=0.17, support=0.34, margin=0.085)
_WEIGHTS = _Signs(scatter=0.15, cycle=0.12, trust=-0.08, support=-0.07, margin=-0.07)


def confidence_of(matches: Matches, row: int) -> float:
    """Confidence of one match, 0 to 1: a logistic of the signs of a good match.

    The signs are how far ways through other images lie apart, how far the found place matches
    back to the click, how far the alignment of the two images is to be trusted as a whole and
    around the point, and how far the peak leads. Their weights follow the regression of the
    logarithm of the error on them, once, on chest films and phantoms; what is usual stands for
    each dimension (docs/method-landmarks.md has the rank correlations). A place that looks like
    nothing in the template, as in an empty image, gets almost none.
    """
    if float(matches.similarity[row]) < _NOTHING_ALIKE:
        return 0.01
    usual = _USUAL[matches.places.shape[1]]
    expected_log_error = sum(
        weight * (value - mean) / spread
        for weight, value, mean, spread in zip(
            _WEIGHTS, _signs_of(matches, row), usual, _SPREAD, strict=True
        )
        if not math.isnan(value)
    )
    return 1 / (1 + math.exp(min(_STEEPNESS * (expected_log_error - _MIDDLE), 50.0)))


def _signs_of(matches: Matches, row: int) -> _Signs:
    return _Signs(
        scatter=math.log(float(matches.scatter[row]) + 0.003),
        cycle=math.log1p(float(matches.cycle[row])),
        trust=math.log(float(matches.trust[row]) + 0.01),
        support=math.log(float(matches.support[row]) + 0.5),
        margin=min(float(matches.margin[row]), _CLEAR_LEAD),
    )
