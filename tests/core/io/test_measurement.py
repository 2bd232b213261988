"""Distances and angles, and how far they can be trusted."""

from __future__ import annotations

import numpy as np
import pytest

from medssl.errors import SettingsError
from medssl.io import ExportPoint
from medssl.io.measurement import Measurement, measure_angle, measure_distance
from medssl.io.measurement import measure as measure_shape


def point(name, place, image="a", unit="mm"):
    return ExportPoint(image, name, tuple(place), tuple(float(v) for v in place), unit)


def test_distance_and_angle():
    a, b, c = point("a", (3, 0, 0)), point("b", (0, 0, 0)), point("c", (0, 4, 0))
    found = measure_distance("width", [a, c])
    assert found == Measurement("width", 5.0, "mm", None, ("a", "c"))
    found = measure_angle("corner", [a, b, c])
    assert (found.value, found.unit, found.landmarks) == (90.0, "deg", ("a", "b", "c"))
    flat = [point("a", (3, 0), unit="px"), point("b", (0, 4), unit="px")]
    assert measure_distance("w", flat).unit == "px"


@pytest.mark.parametrize("third", [(4, 8, 1), (-9, 1, 0), (9, 2, 0)])
def test_uncertainty_is_what_shaking_the_points_gives(third):
    rng = np.random.default_rng(0)
    places = np.array([(10, 0, 0), (0, 0, 0), third], float)
    names = "abc"

    def shaken(measure, count, spread=None, shake=0.0):
        moved = places[:count] + rng.normal(0, shake, (count, 3)) if shake else places[:count]
        return measure("m", [point(n, p) for n, p in zip(names, moved, strict=False)], spread)

    for measure, count in ((measure_distance, 2), (measure_angle, 3)):
        told = shaken(measure, count, 0.05).uncertainty
        seen = np.std([shaken(measure, count, shake=0.05).value for _ in range(3000)])
        assert told == pytest.approx(seen, rel=0.06)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Measurement(" ", 1.0, "mm"), "no name"),
        (lambda: Measurement("a", float("nan"), "mm"), "no finite number"),
        (lambda: Measurement("a", 1.0, "mm", -1.0), "uncertainty"),
        (lambda: measure_distance("a", [point("a", (1, 2))]), "between 2 points"),
        (
            lambda: measure_distance("a", [point("a", (1, 2)), point("b", (1, 3), "other")]),
            "of one image",
        ),
        (lambda: measure_angle("a", [point(n, (1, 2)) for n in "abc"]), "without length"),
    ],
)
def test_what_is_no_measurement(make, says):
    with pytest.raises(SettingsError, match=says):
        make()


SHAPES = [("distance", 2), ("angle", 3), ("angle between lines", 4), ("ratio", 4)]
SPREADS = (0.05, 0.02, 0.08, 0.04)


def shake(shape, places, names, spreads, shakes=3000):
    """Standard deviation of the measurement where each landmark is moved at random."""
    rng = np.random.default_rng(3)
    seen = []
    for _ in range(shakes):
        moves = {n: rng.normal(0, s, places.shape[1]) for n, s in zip(names, spreads, strict=True)}
        points = [point(n, p + moves[n]) for n, p in zip(names, places, strict=True)]
        seen.append(measure_shape("m", shape, points, [None] * len(points)).value)
    return float(np.std(seen))


@pytest.mark.parametrize(("shape", "count"), SHAPES)
@pytest.mark.parametrize("axes", [2, 3])
def test_each_point_s_own_spread_is_carried_through(shape, count, axes):
    places = np.array([(10, 0, 1), (0, 0, 0), (4, 8, 3), (-2, 5, 9)], float)[:count, :axes]
    names, spreads = "abcd"[:count], SPREADS[:count]
    points = [point(n, p) for n, p in zip(names, places, strict=True)]
    told = measure_shape("m", shape, points, spreads).uncertainty
    assert told == pytest.approx(shake(shape, places, names, spreads), rel=0.06)


@pytest.mark.parametrize("shape", ["angle between lines", "ratio"])
def test_a_landmark_that_comes_twice_has_one_error(shape):
    places = np.array([(0, 0), (9, 1), (0, 0), (3, 8)], float)
    points = [point(n, p) for n, p in zip("abac", places, strict=True)]
    spreads = (0.05, 0.02, 0.05, 0.08)
    told = measure_shape("m", shape, points, spreads).uncertainty
    rng = np.random.default_rng(4)
    seen = []
    for _ in range(3000):
        moves = {n: rng.normal(0, s, 2) for n, s in zip("abac", spreads, strict=True)}
        moved = [point(n, p + moves[n]) for n, p in zip("abac", places, strict=True)]
        seen.append(measure_shape("m", shape, moved, [None] * 4).value)
    assert told == pytest.approx(np.std(seen), rel=0.06)
    if shape == "angle between lines":  # the same as the angle at the shared point
        corner = measure_shape("m", "angle", [points[1], points[0], points[3]], (0.02, 0.05, 0.08))
        assert told == pytest.approx(corner.uncertainty)


def test_lines_have_a_direction_and_ratios_no_unit():
    places = [(0, 0), (4, 0), (1, 1), (1, 9)]
    points = [point(n, p) for n, p in zip("abcd", places, strict=True)]
    found = measure_shape("m", "angle between lines", points, [None] * 4)
    assert (found.value, found.unit) == (pytest.approx(90), "deg")
    turned = [points[0], points[1], points[1], points[0]]
    assert measure_shape("m", "angle between lines", turned, [None] * 4).value == pytest.approx(180)
    ratio = measure_shape("m", "ratio", points, [None] * 4, "at the detector")
    assert (ratio.value, ratio.unit, ratio.warning) == (pytest.approx(0.5), "1", "")
    length = measure_shape("m", "distance", points[:2], [None, 1.0], "at the detector")
    assert (length.uncertainty, length.warning) == (None, "at the detector")


def test_what_cannot_be_measured_is_refused():
    a, b = point("a", (3, 3)), point("b", (1, 1))
    with pytest.raises(SettingsError, match="length of 0"):
        measure_shape("r", "ratio", [a, b, b, b], [None] * 4)
    with pytest.raises(SettingsError, match="arm without length"):
        measure_shape("r", "angle between lines", [a, a, a, b], [None] * 4)
    with pytest.raises(SettingsError, match="4 points"):
        measure_shape("r", "ratio", [a, b], [None] * 2)
