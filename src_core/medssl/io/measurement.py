"""Distances, angles and ratios between landmarks, with their unit and uncertainty."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from medssl.errors import SettingsError
from medssl.io.landmark_csv import ExportPoint
from medssl.io.measuring import PLACES, Shape, value_of

AT_DETECTOR = "at the detector, not in the patient: magnified"
ON_FILM = "on the scanned film, not in the patient"
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
    warning
        What to know of the number: `AT_DETECTOR` or `ON_FILM` of a length, else an empty text.

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
    warning: str = ""

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


def measure(
    name: str,
    shape: Shape,
    points: Sequence[ExportPoint],
    spreads: Sequence[float | None],
    warning: str = "",
) -> Measurement:
    """Measure between points of one image; see `medssl.io.measuring` for the kinds.

    Parameters
    ----------
    name
        What it is.
    shape
        What is measured.
    points
        As many points as it wants.
    spreads
        Standard deviation of each point along each axis, in the points' unit; None where it is
        not known.
    warning
        What to know of a length in millimetres; left away where something else is measured.

    Raises
    ------
    SettingsError
        If the points are not as many, or not of one image, or nothing can be measured.
    """
    count = PLACES[shape]
    if len(points) != count or len({point.image for point in points}) > 1:
        raise SettingsError(f"{name!r} is measured between {count} points of one image")
    places = [np.asarray(point.point_world, float) for point in points]
    names = tuple(point.landmark for point in points)
    value, uncertainty = value_of(name, shape, places, names, spreads)
    unit: MeasurementUnit = "deg"
    if shape in ("distance", "ratio"):
        unit = points[0].unit if shape == "distance" else "1"
    return Measurement(name, value, unit, uncertainty, names, warning if unit == "mm" else "")


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
    return measure(name, "distance", points, [spread] * len(points))


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
    return measure(name, "angle", points, [spread] * len(points))
