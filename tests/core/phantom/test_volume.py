"""Trunks: repeatable, in Hounsfield units, with a truth that fits the volume."""

from __future__ import annotations

import numpy as np
import pytest

from medssl.errors import SettingsError
from medssl.phantom import Phantom, make_volume


@pytest.fixture(scope="module")
def trunks() -> list[Phantom]:
    return [make_volume(seed, 64) for seed in range(8)]


def test_same_seed_same_volume() -> None:
    first, second = make_volume(5, 40, lesions=True), make_volume(5, 40, lesions=True)
    assert np.array_equal(first.image.array, second.image.array)
    assert first.landmarks == second.landmarks
    assert first.lesions is not None
    assert second.lesions is not None
    assert np.array_equal(first.lesions, second.lesions)


def test_tissues_have_the_values_of_a_ct(trunks: list[Phantom]) -> None:
    for trunk in trunks:
        values, masks = trunk.image.array, trunk.masks
        assert values.dtype == np.int16
        assert -950 < np.median(values[masks["right_lung"]]) < -700
        assert 60 < np.median(values[masks["liver"]]) < 150
        assert np.median(values[masks["spine"]]) > 180
        assert np.percentile(values, 2) < -950


def test_landmarks_lie_where_their_names_say(trunks: list[Phantom]) -> None:
    for trunk in trunks:
        points = {name: np.array(p) for name, p in trunk.landmarks.items()}
        assert len(points) >= 6
        assert points["aortic_arch"][0] > points["carina"][0] > points["liver_dome"][0]
        if {"left_kidney_centroid", "right_kidney_centroid"} <= points.keys():
            assert points["left_kidney_centroid"][2] > points["right_kidney_centroid"][2] + 5
        spleen = tuple(np.round(points["spleen_centroid"]).astype(int))
        assert trunk.masks["spleen"][spleen]
        arch = np.argwhere(trunk.masks["aorta"])
        assert np.linalg.norm(arch - points["aortic_arch"], axis=1).min() < 2.5
        carina = np.round(points["carina"]).astype(int)
        near = tuple(slice(c - 1, c + 2) for c in carina)
        assert trunk.image.array[near].min() < -400


def test_world_is_lps_millimetres(trunks: list[Phantom]) -> None:
    grid = trunks[0].image.grid
    assert grid.unit == "mm"
    _, order, flips = grid.canonical()
    assert order == (0, 1, 2)
    assert flips == (False, False, False)


def test_masks_of_solid_organs_are_apart(trunks: list[Phantom]) -> None:
    names = ["right_lung", "left_lung", "liver", "spleen", "right_kidney", "left_kidney"]
    for trunk in trunks:
        assert np.sum([trunk.masks[n] for n in names], axis=0).max() == 1


def test_lesions_only_where_asked_for() -> None:
    assert make_volume(0, 40).lesions is None
    found = [make_volume(seed, 40, lesions=True).lesions for seed in range(6)]
    assert any(mask is not None and mask.any() for mask in found)


def test_too_small_a_volume_is_refused() -> None:
    with pytest.raises(SettingsError, match="32 voxels"):
        make_volume(0, 16)
