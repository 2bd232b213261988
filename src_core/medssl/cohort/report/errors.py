"""How far predictions lay from where a person then put the point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from medssl.cohort.records import Point
from medssl.cohort.store import Cohort
from medssl.geometry import Unit


class Miss(NamedTuple):
    """One prediction, at voxel `before`, and how far a person moved it: `distance` in `unit`."""

    case_key: str
    landmark: str
    distance: float
    unit: Unit
    before: tuple[float, ...]


@dataclass(frozen=True)
class ErrorRow:
    """The misses of one landmark, in `unit`.

    Parameters
    ----------
    landmark
        Its name; empty for all together.
    unit
        Millimetres, or pixels where the size of a pixel is not known.
    values
        Every miss.
    """

    landmark: str
    unit: Unit
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean."""
        return float(np.mean(self.values))

    @property
    def median(self) -> float:
        """Median."""
        return float(np.median(self.values))

    @property
    def high(self) -> float:
        """What 95 % of the misses do not exceed (linear between the nearest two)."""
        return float(np.percentile(self.values, 95))


def read_misses(cohort: Cohort) -> list[Miss]:
    """Compare each point that a person corrected with the prediction that lies beside it."""
    predicted: dict[tuple[str, str], Point] = {
        (point.case_key, point.landmark): point for point in cohort.points(kind="predicted")
    }
    found = []
    for point in cohort.points(kind="human"):
        before = predicted.get((point.case_key, point.landmark))
        if point.source == "corrected" and before is not None:
            distance = math.dist(point.point_world, before.point_world)
            place = (point.case_key, point.landmark)
            found.append(Miss(*place, distance, point.unit, before.point_vox))
    return found


def error_rows(misses: Sequence[Miss]) -> list[ErrorRow]:
    """Group misses by unit and landmark, in the order in which landmarks appear."""
    groups: dict[tuple[Unit, str], list[float]] = {}
    for miss in misses:
        groups.setdefault((miss.unit, miss.landmark), []).append(miss.distance)
    return [
        ErrorRow(landmark, unit, tuple(values))
        for (unit, landmark), values in sorted(groups.items(), key=lambda item: item[0][0])
    ]


def all_together(rows: Sequence[ErrorRow], unit: Unit) -> ErrorRow:
    """Join the rows of one unit."""
    return ErrorRow("", unit, tuple(v for row in rows if row.unit == unit for v in row.values))
