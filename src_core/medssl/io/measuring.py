"""Distances, angles and ratios between points, and how far the points' spread moves them.

Each kind of measurement has a value and, for each of its places, a gradient. The points' errors
are taken as independent and equal along all axes; a landmark that comes twice in a measurement
has one error, so that its gradients add up. To first order the variance is the sum over the
landmarks of ``|gradient|² spread²``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np

from medssl.errors import SettingsError
from medssl.geometry import FloatArray

Shape = Literal["distance", "angle", "angle between lines", "ratio"]
Found = tuple[float, list[FloatArray]]

PLACES: Mapping[Shape, int] = {"distance": 2, "angle": 3, "angle between lines": 4, "ratio": 4}
"""How many places each kind is measured between."""

_STRAIGHT = 1e-9


def value_of(
    name: str, shape: Shape, places: Sequence[FloatArray], landmarks: Sequence[str],
    spreads: Sequence[float | None],
) -> tuple[float, float | None]:  # fmt: skip
    """Measure, and carry the spread of the points through.

    Parameters
    ----------
    name
        What is measured, for messages.
    shape
        ``"distance"`` of two places; ``"angle"`` at the second of three; ``"angle between lines"``
        from the first to the second and from the third to the fourth, 0 to 180 degrees;
        ``"ratio"`` of the distance of the first two to that of the last two.
    places
        In the world, one length unit along all axes.
    landmarks
        Whose places they are; what comes twice is one point.
    spreads
        Standard deviation of each along each axis; None where it is not known.

    Returns
    -------
    value, uncertainty
        In the places' unit, in degrees, or without a unit. The uncertainty is None where a spread
        is not known.

    Raises
    ------
    SettingsError
        If two places that give a direction, or what is divided by, are the same.
    """
    value, gradients = _MEASURES[shape](name, places)
    if None in spreads:
        return value, None
    of_landmark: dict[str, tuple[FloatArray, float]] = {}
    for landmark, gradient, spread in zip(landmarks, gradients, spreads, strict=True):
        before = of_landmark.get(landmark)
        total = gradient if before is None else before[0] + gradient
        of_landmark[landmark] = (total, float(spread or 0.0))
    variance = sum(float(g @ g) * spread**2 for g, spread in of_landmark.values())
    return value, math.sqrt(variance)


def _distance(_name: str, places: Sequence[FloatArray]) -> Found:
    first, second = places
    apart = second - first
    length = float(np.linalg.norm(apart))
    along = apart / length if length > 0 else _any_unit(len(apart))
    return length, [-along, along]


def _angle(name: str, places: Sequence[FloatArray]) -> Found:
    first, vertex, second = places
    value, (one, other) = _between(name, first - vertex, second - vertex)
    return value, [one, -(one + other), other]


def _lines(name: str, places: Sequence[FloatArray]) -> Found:
    a, b, c, d = places
    value, (one, other) = _between(name, b - a, d - c)
    return value, [-one, one, -other, other]


def _ratio(name: str, places: Sequence[FloatArray]) -> Found:
    above, above_by = _distance(name, places[:2])
    below, below_by = _distance(name, places[2:])
    if below == 0.0:
        raise SettingsError(
            f"the ratio {name!r} is divided by a length of 0. Move its points apart"
        )
    value = above / below
    return value, [*(g / below for g in above_by), *(-value / below * g for g in below_by)]


def _between(name: str, one: FloatArray, other: FloatArray) -> tuple[float, list[FloatArray]]:
    """Angle of two arms in degrees, and its gradients by their ends.

    Moving an arm's end across it, within the plane of both, turns the arm by the way over its
    length. Where the arms lie on one line any direction across them will do.
    """
    a, b = float(np.linalg.norm(one)), float(np.linalg.norm(other))
    if min(a, b) == 0.0:
        raise SettingsError(f"the angle {name!r} has an arm without length. Move its points apart")
    u, v = one / a, other / b
    cosine = float(np.clip(u @ v, -1.0, 1.0))
    across = v - cosine * u
    sine = float(np.linalg.norm(across))
    if sine < _STRAIGHT:
        least = np.eye(len(u))[int(np.argmin(np.abs(u)))]
        across = least - (least @ u) * u
    across = across / np.linalg.norm(across)
    opposite = sine * u - cosine * across
    degrees = math.degrees(math.acos(cosine))
    return degrees, [np.degrees(-across / a), np.degrees(-opposite / b)]


def _any_unit(axes: int) -> FloatArray:
    return np.asarray(np.eye(axes)[0])


_MEASURES: Mapping[Shape, Callable[[str, Sequence[FloatArray]], Found]] = {
    "distance": _distance,
    "angle": _angle,
    "angle between lines": _lines,
    "ratio": _ratio,
}
