"""How far off clicks and predictions are: what was seen, and what is assumed where little was.

All errors are along one axis and shares of the image's longest side, so that films and scans of
other sizes, in millimetres or pixels, count together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from medssl.cohort import Cohort
from medssl.cohort.agreement import pairs_of_points
from medssl.geometry import Grid
from medssl.io.landmark_csv import ExportPoint
from medssl.levels import Level, level_of
from medssl.protocols.definition import Seen, SeenErrors

_Key = TypeVar("_Key")
CLICK = 0.003
"""A click's standard deviation where nobody else's is known: 1 mm on a film of 35 cm."""

FOUND: Mapping[Level, float] = {"high": 0.025, "check": 0.035, "low": 0.06}
"""That of a prediction, by its level, where none was corrected: what chest films gave."""

ASSUMED_COUNTS = 5
"""What is assumed counts as much as so many errors that were seen."""


@dataclass(frozen=True)
class PointErrors:
    """Gives each point its standard deviation.

    Parameters
    ----------
    seen
        Errors that were seen.
    """

    seen: SeenErrors = field(default_factory=SeenErrors)

    def click(self, landmark: str) -> float:
        """Give the standard deviation of a click along an axis, as a share of the longest side."""
        return _blend(CLICK, self.seen.clicks.get(landmark, Seen()))

    def found(self, landmark: str, confidence: float | None) -> float:
        """Give that of a prediction; never below that of a click."""
        level = level_of(confidence or 0.0)
        return max(_blend(FOUND[level], self.seen.found.get(level, Seen())), self.click(landmark))

    def spread(self, point: ExportPoint, grid: Grid) -> float:
        """Give the standard deviation of a point along each axis, in the unit of its grid."""
        share = (
            self.found(point.landmark, point.confidence)
            if point.source == "predicted"
            else self.click(point.landmark)
        )
        return share * longest_side(grid)


def look_at_errors(cohort: Cohort, before: SeenErrors | None = None) -> PointErrors:
    """Sum up the errors that a cohort shows, together with those seen `before`.

    Two people's points of one landmark show how far apart clicks lie; a prediction that a person
    corrected or accepted shows how far off it was.
    """
    before = before or SeenErrors()
    longest = {case.key: longest_side(case.grid) for case in cohort.cases()}
    clicks: dict[str, list[float]] = {}
    for pair in pairs_of_points(cohort):
        share = pair.distance / longest[pair.case_key]
        clicks.setdefault(pair.landmark, []).append(share**2 / (2 * len(pair.apart)))
    found: dict[Level, list[float]] = {}
    for one in cohort.corrections():
        share = one.distance / longest[one.case_key]
        level = level_of(one.confidence or 0.0)
        found.setdefault(level, []).append(share**2 / len(one.point_vox))
    return PointErrors(
        SeenErrors(clicks=_joined(before.clicks, clicks), found=_joined(before.found, found))
    )


def longest_side(grid: Grid) -> float:
    """Length of the longest side of an image, in the unit of its grid."""
    return float(np.max(np.array(grid.shape) * np.array(grid.spacing)))


def _joined(before: Mapping[_Key, Seen], squares: Mapping[_Key, list[float]]) -> dict[_Key, Seen]:
    joined = dict(before)
    for key, found in squares.items():
        old = joined.get(key, Seen())
        n = old.n + len(found)
        mean = (old.n * old.mean_square + sum(found)) / n
        joined[key] = Seen(n=n, mean_square=mean)
    return joined


def _blend(assumed: float, seen: Seen) -> float:
    total = ASSUMED_COUNTS * assumed**2 + seen.n * seen.mean_square
    return math.sqrt(total / (ASSUMED_COUNTS + seen.n))
