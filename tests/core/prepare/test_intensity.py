"""Any scale of grey values comes out between 0 and 1, with the anatomy in the middle."""

from __future__ import annotations

import numpy as np
import pytest

from medssl.prepare.intensity import apply_range, robust_range


def normalised(array: np.ndarray, inverted: bool = False) -> np.ndarray:
    span = robust_range(array, inverted)
    assert span is not None
    return apply_range(array, span)


def test_ct_padding_does_not_squeeze_the_tissue() -> None:
    rng = np.random.default_rng(0)
    ct = np.full((80, 80), -2000, np.int16)
    ct[10:70, 10:70] = -1000
    ct[20:60, 20:60] = rng.normal(40, 30, (40, 40))
    ct[35:45, 35:45] = 1200
    values = normalised(ct)
    assert values[0, 0] == 0.0
    assert values[12, 12] == pytest.approx(0.0, abs=0.01)
    assert 0.4 < np.median(values[20:30, 20:60]) < 0.6
    assert values[40, 40] == 1.0


@pytest.mark.parametrize("largest", [112.0, 4095.0, 1.7e6])
def test_mr_of_any_scale_gives_the_same_values(largest: float) -> None:
    anatomy = np.random.default_rng(1).random((64, 64)) ** 2
    anatomy[:20] = 0.0
    np.testing.assert_allclose(normalised(anatomy * largest), normalised(anatomy), atol=2e-4)


def test_one_hot_pixel_does_not_darken_the_image() -> None:
    image = np.random.default_rng(2).random((100, 100))
    image[3, 3] = 1e9
    assert np.median(normalised(image)) > 0.4


def test_monochrome1_is_flipped_so_that_bone_is_bright() -> None:
    bone_high = np.random.default_rng(3).random((50, 50)) * 0.2
    bone_high[20:30] += 0.8
    stored = 4095 * (1 - bone_high)
    np.testing.assert_allclose(normalised(stored, inverted=True), normalised(bone_high), atol=1e-4)


def test_a_constant_image_is_all_zero() -> None:
    span = robust_range(np.full((9, 9), 37.0))
    assert span is not None
    assert span.constant
    assert not apply_range(np.full((9, 9), 37.0), span).any()


def test_nan_and_infinity() -> None:
    image = np.linspace(0, 1, 10_000).reshape(100, 100)
    image[0, :3] = np.nan, np.inf, -np.inf
    values = normalised(image)
    assert values[0, :3].tolist() == [0.0, 1.0, 0.0]
    assert np.isfinite(values).all()
    assert robust_range(np.full((4, 4), np.nan)) is None


def test_a_mask_keeps_both_its_values() -> None:
    mask = np.zeros((64, 64), np.uint8)
    mask[20:30, 20:30] = 1
    assert set(np.unique(normalised(mask))) == {0.0, 1.0}
