"""A moved copy of an image gives the click back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import affine_transform

from medssl.landmarks import LandmarkFinder

CLICKS = {"one": (90.0, 80.0), "two": (150.0, 130.0), "three": (110.25, 150.75)}


def moved(
    array: NDArray[np.float32], matrix: NDArray[np.float64], shift: Sequence[float]
) -> NDArray[np.float32]:
    """Turn, scale and shift about the centre; see `moved_point`."""
    centre = (np.array(array.shape) - 1) / 2
    inverse = np.linalg.inv(matrix)
    offset = centre - inverse @ (centre + np.asarray(shift))
    return np.asarray(affine_transform(array, inverse, offset, order=1, mode="nearest"))


def moved_point(
    point: Sequence[float],
    shape: Sequence[int],
    matrix: NDArray[np.float64],
    shift: Sequence[float],
) -> NDArray[np.float64]:
    """Where `moved` puts a point of the array."""
    centre = (np.array(shape) - 1) / 2
    return np.asarray(matrix @ (np.asarray(point) - centre) + centre + np.asarray(shift))


def turn(degrees: float, scale: float = 1.0) -> NDArray[np.float64]:
    a = np.deg2rad(degrees)
    return scale * np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])


MOVES = {
    "shifted": (turn(0), (8.0, -8.0)),
    "shifted by parts": (turn(0), (5.4, -3.7)),
    "turned": (turn(8), (0.0, 0.0)),
    "scaled": (turn(0, 1.05), (0.0, 0.0)),
    "all": (turn(-6, 0.93), (4.0, 6.5)),
}


@pytest.mark.parametrize("move", MOVES)
def test_points_of_a_moved_film_within_a_pixel(embed, film, move) -> None:
    matrix, shift = MOVES[move]
    finder = LandmarkFinder(embed({"a": film, "b": moved(film, matrix, shift)}))
    for name, point in CLICKS.items():
        finder.add_template(name, "a.tif", point)
    found = finder.find()
    assert [f.landmark for f in found] == list(CLICKS)
    errors = [
        np.linalg.norm(f.point_vox - moved_point(CLICKS[f.landmark], film.shape, matrix, shift))
        for f in found
    ]
    assert max(errors) < 1
    for f in found:
        assert f.cycle_error < 2
        assert f.similarity > 0.9


def test_brightness_and_contrast_do_not_matter(embed, film) -> None:
    other = 3000 - 5 * film
    finder = LandmarkFinder(embed({"a": film, "b": 4 * film + 100, "c": other}))
    finder.add_template("one", "a.tif", CLICKS["one"])
    found = finder.find(cases=["b.tif"])
    np.testing.assert_allclose(found[0].point_vox, CLICKS["one"], atol=0.3)


def test_points_of_a_moved_volume_within_a_cell(embed, trunk) -> None:
    shift = np.array([1.0, -1.0, 1.5])
    finder = LandmarkFinder(embed({"a": trunk, "b": moved(trunk, np.eye(3), shift)}))
    centre = (np.array(trunk.shape) - 1) / 2
    for i, offset in enumerate([(-8, -6, -10), (5, 4, 12), (10.5, -3.25, 2)]):
        finder.add_template(f"p{i}", "a.nii.gz", centre + offset)
    for f in finder.find():
        clicked = finder.templates[f.landmark][0].point_vox
        assert np.linalg.norm(np.array(f.point_vox) - clicked - shift) < 2
