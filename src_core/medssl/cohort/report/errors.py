"""How far predictions lay from where a person then put the point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medssl.cohort.records import Correction
from medssl.geometry import Unit


@dataclass(frozen=True)
class ErrorRow:
    """The answered predictions of one landmark.

    Parameters
    ----------
    landmark
        Its name; empty for all together.
    unit
        Millimetres, or pixels where the size of a pixel is not known.
    values
        Distance of each to the person's point, in `unit`; 0 where it was accepted.
    """

    landmark: str
    unit: Unit
    values: tuple[float, ...]

    @property
    def moved(self) -> int:
        """Number that a person did not leave where they were."""
        return sum(value > 0 for value in self.values)

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
        """What 95 % of the distances do not exceed (linear between the nearest two)."""
        return float(np.percentile(self.values, 95))


def error_rows(corrections: Sequence[Correction]) -> list[ErrorRow]:
    """Group distances by unit and landmark, in the order in which landmarks appear."""
    groups: dict[tuple[Unit, str], list[float]] = {}
    for one in corrections:
        groups.setdefault((one.unit, one.landmark), []).append(one.distance)
    return [
        ErrorRow(landmark, unit, tuple(values))
        for (unit, landmark), values in sorted(groups.items(), key=lambda item: item[0][0])
    ]


def all_together(rows: Sequence[ErrorRow], unit: Unit) -> ErrorRow:
    """Join the rows of one unit."""
    return ErrorRow("", unit, tuple(v for row in rows if row.unit == unit for v in row.values))
