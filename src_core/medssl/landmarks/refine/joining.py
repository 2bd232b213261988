"""The answer of the heads joined with the match, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from medssl.landmarks.confidence import level_of
from medssl.landmarks.found import FoundPoint

HEAD_SHARE = 0.5
"""Share of the heads in the joined place where they agree; the rest is the match."""

_DOUBTFUL = 0.03
_LEAST = 0.002
_MIDDLE = -0.1
_WEIGHTS = {"match": 0.57, "apart": -0.47, "away": -0.28}
_USUAL_APART = 0.0047
_USUAL_AWAY = 0.0096
Floats = NDArray[np.float64]


def head_share(apart: float) -> float:
    """Share of the heads in the joined place: less where they disagree.

    Parameters
    ----------
    apart
        Mean distance of their answers from the middle one, as a share of the longest side.

    Examples
    --------
    >>> round(head_share(0.0), 2), round(head_share(0.06), 2)
    (0.5, 0.17)
    """
    odds = HEAD_SHARE / (1 - HEAD_SHARE) / (1 + (apart / _DOUBTFUL) ** 2)
    return odds / (1 + odds)


def joined_confidence(match: float, apart: float, away: float) -> float:
    """Confidence in a joined point, 0 to 1.

    The weights follow the regression of the logarithm of the error on the signs, on chest
    phantoms; they are set so that the same confidence stands for the same error as of a match.

    Parameters
    ----------
    match
        Confidence of the match.
    apart
        As of `head_share`.
    away
        Distance of the heads' answer from the match, as a share of the longest side.
    """
    sure = min(max(match, 0.01), 0.99)
    signs = {
        "match": math.log(sure / (1 - sure)),
        "apart": math.log((apart + _LEAST) / _USUAL_APART),
        "away": math.log((away + _LEAST) / _USUAL_AWAY),
    }
    total = _MIDDLE + sum(_WEIGHTS[name] * value for name, value in signs.items())
    return 1 / (1 + math.exp(-total))


def join_point(
    match: FoundPoint,
    point_vox: Floats,
    point_world: Floats,
    apart: float,
    away: float,
) -> FoundPoint:
    """Give a found point its joined place and confidence."""
    confidence = joined_confidence(match.confidence, apart, away)
    return replace(
        match,
        point_vox=tuple(point_vox.tolist()),
        point_world=tuple(point_world.tolist()),
        confidence=confidence,
        level=level_of(confidence),
        shape_flag=False,
    )
