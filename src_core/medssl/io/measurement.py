"""Distances and angles between landmarks, with their unit and uncertainty."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from medssl.errors import SettingsError
from medssl.geometry import FloatArray
from medssl.io.landmark_csv import ExportPoint

MeasurementUnit = Literal["mm", "px", "deg", "1"]


@dataclass(frozen=True)
class Measurement:
    """A number measured between landmarks.

    Parameters
    ----------
    name
        What is measured, in the person's words.
    value
        The number, in `unit`.
    unit
        ``"mm"``, or ``"px"`` where the pixel size is not known; ``"deg"``; ``"1"`` for a ratio.
    uncertainty
        One standard deviation, in `unit`; None where it is not known.
    landmarks
        The landmarks that it is measured between, in order; of an angle the vertex is second.

    Raises
    ------
    SettingsError
        If it has no name, is no finite number, or its uncertainty is negative.
    """

    name: str
    value: float
    unit: MeasurementUnit
    uncertainty: float | None = None
    landmarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise SettingsError("a measurement has no name. Give it one")
        if not math.isfinite(self.value):
            raise SettingsError(f"the measurement {self.name!r} is {self.value}, no finite number")
        spread = self.uncertainty
        if spread is not None and not (math.isfinite(spread) and spread >= 0):
            raise SettingsError(
                f"the uncertainty of {self.name!r} is {spread}, below 0 or no number"
            )


def measure_distance(
    name: str, points: Sequence[ExportPoint], spread: float | None = None
) -> Measurement:
    """Measure the distance of two points.

    Parameters
    ----------
    name
        What it is.
    points
        The two points, of one image.
    spread
        Standard deviation of each point along each axis, in the points' unit, if it is known.

    Raises
    ------
    SettingsError
        If these are not two points of one image.
    """
    first, second = _places(name, points, 2)
    uncertainty = None if spread is None else math.sqrt(2) * spread
    return Measurement(
        name,
        float(np.linalg.norm(second - first)),
        points[0].unit,
        uncertainty,
        tuple(point.landmark for point in points),
    )


def measure_angle(
    name: str, points: Sequence[ExportPoint], spread: float | None = None
) -> Measurement:
    """Measure the angle at the second of three points, 0 to 180 degrees.

    To first order a point's spread moves its arm by the spread over the arm's length, and the
    vertex moves both: the variance is ``spread² (1/a² + 1/b² + |u/a + v/b|²)``, with arms of
    length a and b and the unit vectors u and v across them that open the angle.

    Parameters
    ----------
    name, points, spread
        As for `measure_distance`.

    Raises
    ------
    SettingsError
        If these are not three points of one image, or one lies on the vertex.
    """
    first, vertex, second = _places(name, points, 3)
    one, two = first - vertex, second - vertex
    a, b = float(np.linalg.norm(one)), float(np.linalg.norm(two))
    if min(a, b) == 0.0:
        raise SettingsError(f"the angle {name!r} has an arm without length. Move its points apart")
    cosine = float(np.clip(one @ two / (a * b), -1.0, 1.0))
    uncertainty = None
    if spread is not None:
        across = 1 / a**2 + 1 / b**2 - 2 * cosine / (a * b)  # u·v is −cos(angle)
        uncertainty = math.degrees(spread * math.sqrt(1 / a**2 + 1 / b**2 + across))
    names = tuple(point.landmark for point in points)
    return Measurement(name, math.degrees(math.acos(cosine)), "deg", uncertainty, names)


def _places(name: str, points: Sequence[ExportPoint], count: int) -> list[FloatArray]:
    if len(points) != count or len({point.image for point in points}) > 1:
        raise SettingsError(f"{name!r} is measured between {count} points of one image")
    return [np.asarray(point.point_world, float) for point in points]
