"""Distances and angles, and how far they can be trusted."""

from __future__ import annotations

import numpy as np
import pytest

from medssl.errors import SettingsError
from medssl.io import ExportPoint
from medssl.io.measurement import Measurement, measure_angle, measure_distance


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
