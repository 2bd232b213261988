"""Chest films: repeatable, varied, with a truth that fits the picture."""

from __future__ import annotations

import time
from itertools import combinations

import numpy as np
import pytest

from medssl.errors import SettingsError
from medssl.phantom import Phantom, make_chest

NAMES = {
    "carina",
    "aortic_knob",
    "right_lung_apex",
    "left_lung_apex",
    "right_costophrenic_angle",
    "left_costophrenic_angle",
    "right_lung_centroid",
    "left_lung_centroid",
    "cardiomediastinum_centroid",
}


@pytest.fixture(scope="module")
def films() -> list[Phantom]:
    return [make_chest(seed, 256) for seed in range(16)]


def test_same_seed_same_film() -> None:
    first, second = make_chest(7, lesions=True), make_chest(7, lesions=True)
    assert np.array_equal(first.image.array, second.image.array)
    assert first.landmarks == second.landmarks
    assert not np.array_equal(make_chest(8, 200).image.array, make_chest(9, 200).image.array)


def test_picture_has_its_size_and_uses_its_range(films: list[Phantom]) -> None:
    for film in films:
        assert film.image.array.dtype == np.uint8
        assert max(film.image.array.shape) == 256
        assert film.image.grid.unit == "mm"
        assert 0.8 < film.image.grid.spacing[0] * 256 / 350 < 1.6
        assert np.ptp(np.percentile(film.image.array, (5, 95))) > 60
    assert len({film.image.array.shape for film in films}) > 8


def test_landmarks_lie_where_their_names_say(films: list[Phantom]) -> None:
    for film in films:
        points = film.landmarks
        assert set(points) <= NAMES
        right, left = film.masks["right_lung"], film.masks["left_lung"]
        assert points["right_lung_centroid"][1] < points["left_lung_centroid"][1]
        assert film.masks["airways"][tuple(np.round(points["carina"]).astype(int))]
        for side, lung in (("right", right), ("left", left)):
            if f"{side}_lung_apex" in points:
                rows = np.flatnonzero(lung.any(axis=1))
                assert abs(points[f"{side}_lung_apex"][0] - rows[0]) < 2
            if f"{side}_costophrenic_angle" in points:
                corner = np.array(points[f"{side}_costophrenic_angle"])
                inside = np.argwhere(lung)
                assert np.linalg.norm(inside - corner, axis=1).min() < 6
                low = inside[inside[:, 0] > corner[0] - 8, 1]
                outer = low.min() if side == "right" else low.max()
                assert abs(corner[1] - outer) < 8


def test_masks_are_apart_and_of_plausible_size(films: list[Phantom]) -> None:
    for film in films:
        names = ["right_lung", "left_lung", "cardiomediastinum"]
        for first, second in combinations(names, 2):
            assert not (film.masks[first] & film.masks[second]).any()
        for name in names:
            assert 0.03 < film.masks[name].mean() < 0.4


def test_most_landmarks_are_in_the_picture(films: list[Phantom]) -> None:
    present = sum(len(film.landmarks) for film in films)
    assert present > 0.9 * len(films) * len(NAMES)


def test_repeating_the_place_of_a_template_is_as_wrong_as_on_real_films(
    films: list[Phantom],
) -> None:
    errors = []
    for template, film in combinations(films, 2):
        size = np.array(film.image.array.shape)
        for name in template.landmarks.keys() & film.landmarks.keys():
            guess = np.array(template.landmarks[name]) / template.image.array.shape * size
            errors.append(np.linalg.norm(guess - film.landmarks[name]))
    assert 15 < np.mean(errors) < 25


def test_lesions_lie_in_the_lungs_and_change_the_picture() -> None:
    marked = [make_chest(seed, 256, lesions=True) for seed in range(8)]
    assert 3 <= sum(bool(film.lesions is not None and film.lesions.any()) for film in marked) <= 8
    for film in marked:
        assert film.lesions is not None
        assert not (film.lesions & ~(film.masks["right_lung"] | film.masks["left_lung"])).any()
    assert make_chest(0, 256).lesions is None


def test_too_small_a_film_is_refused() -> None:
    with pytest.raises(SettingsError, match="64 pixels"):
        make_chest(0, 10)


def test_smallest_film_works() -> None:
    assert max(make_chest(3, 64).image.array.shape) == 64


def test_a_film_is_made_at_once() -> None:
    make_chest(0, 512)
    start = time.process_time()
    make_chest(1, 512)
    assert time.process_time() - start < 1.0
