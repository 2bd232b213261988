"""Regions: threshold, size, order, and growing by similarity."""

from __future__ import annotations

import numpy as np
import pytest

from medssl.evaluate.lesions.scores import THRESHOLDS, score_map, score_regions
from medssl.geometry import Grid
from medssl.lesions import RegionSettings, find_regions, smoothed
from medssl.lesions.calibration import calibrate
from medssl.lesions.growing import grow_regions


def two_bumps(shape: tuple[int, ...] = (40, 60)) -> np.ndarray:
    values = np.zeros(shape, np.float32)
    values[5:11, 10:20] = 0.9
    values[25:30, 40:44] = 0.6
    return values


def test_regions_come_with_their_size_in_the_world() -> None:
    grid = Grid.create((40, 60), (0.5, 0.25))
    values = two_bumps()
    labels, regions = find_regions(values, grid, RegionSettings(threshold=0.5))
    assert [region.score for region in regions] == pytest.approx([0.9, 0.6])
    assert regions[0].unit == "mm²"
    assert regions[0].size == pytest.approx(60 * 0.125)
    assert regions[0].box == ((5, 10), (10, 19))
    assert (labels == 1).sum() == 60
    assert values[regions[1].peak_vox] == pytest.approx(0.6)
    _, first = find_regions(values, grid, RegionSettings(threshold=0.8))
    assert len(first) == 1
    _, both = find_regions(values, grid, RegionSettings(threshold="otsu"))
    assert len(both) == 2


def test_volumes_have_mm3_and_images_without_spacing_pixels() -> None:
    values = np.zeros((4, 5, 6), np.float32)
    values[1:3, 1:3, 1:4] = 1
    (region,) = find_regions(values, Grid.create((4, 5, 6), (2.0, 1.0, 1.0)), RegionSettings())[1]
    assert (region.size, region.unit) == (24.0, "mm³")
    (flat,) = find_regions(values[1], Grid.create((5, 6)), RegionSettings())[1]
    assert (flat.size, flat.unit) == (6.0, "px")


def test_an_image_that_is_likelier_normal_has_no_region() -> None:
    grid = Grid.create((40, 60))
    assert find_regions(two_bumps() * 0.5, grid, RegionSettings())[1] == []
    told = find_regions(two_bumps() * 0.5, grid, RegionSettings(least_probability=0.3))[1]
    assert len(told) == 2
    assert find_regions(np.zeros((40, 60)), grid, RegionSettings(least_probability=0))[1] == []


def test_smoothing_keeps_the_highest_value() -> None:
    rng = np.random.default_rng(0)
    maps = rng.random((2, 20, 20)).astype(np.float32)
    soft = smoothed(maps, 2.0)
    assert np.allclose(soft.max((1, 2)), maps.max((1, 2)), atol=1e-5)
    assert soft.std() < maps.std()
    assert np.array_equal(smoothed(maps, 0), maps)


def test_a_seed_grows_to_what_looks_alike_and_hangs_together() -> None:
    embedding = np.zeros((2, 20, 20), np.float32)
    embedding[0] = 1
    thing = np.zeros((20, 20), bool)
    thing[6:13, 6:12] = True
    embedding[:, thing] = np.array([[0.0], [1.0]])
    apart = np.zeros((20, 20), bool)
    apart[0:2, 0:2] = True
    embedding[:, apart] = np.array([[0.0], [1.0]])
    labels = np.zeros((20, 20), np.int32)
    labels[7:10, 7:14] = 1
    values = np.where(labels > 0, 0.5, 0.0)
    values[(labels > 0) & thing] = 0.9
    grown = grow_regions(labels, values, embedding, 1)
    assert np.array_equal(grown == 1, thing)


def test_scores_of_a_perfect_and_a_wrong_map() -> None:
    mask = two_bumps() > 0.8
    perfect = score_map(mask.astype(np.float32), mask)
    assert perfect.pointing
    assert perfect.otsu == 1
    assert perfect.overlaps.max() == 1
    wrong = score_map((~mask).astype(np.float32), mask)
    assert not wrong.pointing
    assert wrong.overlaps.max() == 0
    values = two_bumps()
    for number in (3, 20, 40):
        cut = values >= THRESHOLDS[number] * values.max()
        expected = (cut & mask).sum() / (cut | mask).sum()
        assert score_map(values, mask).overlaps[number] == pytest.approx(expected)


def test_regions_beside_the_mask_are_false_positives_where_they_are_told() -> None:
    values, grid = two_bumps(), Grid.create((40, 60))
    mask = values > 0.8
    scored = score_regions(values, mask, grid, 0.5)
    assert (scored.box, scored.false_positives) == (1.0, 1)
    assert score_regions(values, None, grid, 0.5).false_positives == 2
    unsure = score_regions(values * 0.5, mask, grid, 0.5)
    assert (unsure.box, unsure.false_positives) == (1.0, 0)


def test_calibration_finds_what_made_the_answers() -> None:
    rng = np.random.default_rng(0)
    logits = 4 * rng.standard_normal(4000)
    yes = rng.random(4000) < 1 / (1 + np.exp(-(0.5 * logits - 1)))
    found = calibrate(logits, yes)
    assert found.slope == pytest.approx(0.5, abs=0.06)
    assert found.offset == pytest.approx(-1, abs=0.15)
    few = calibrate(np.array([3.0, -3.0]), np.array([True, False]))
    assert 0.5 < few.slope < 2
