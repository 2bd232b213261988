"""Normalised cross-correlation against its definition."""

from __future__ import annotations

import numpy as np
import pytest

from medssl.landmarks.baselines import correlate_patches


@pytest.mark.parametrize("shape", [(23, 31), (9, 12, 10)])
def test_correlation_is_that_of_the_definition(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.random(shape).astype(np.float32)
    side = 5
    patches = rng.random((2, *(side,) * len(shape))).astype(np.float32)
    maps = correlate_patches(pixels, patches)
    padded = np.pad(pixels, side // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, patches.shape[1:])
    for found, patch in zip(maps, patches, strict=True):
        for at in np.ndindex(shape):
            expected = np.corrcoef(windows[at].ravel(), patch.ravel())[0, 1]
            assert found[at] == pytest.approx(expected, abs=1e-4)


def test_what_is_flat_correlates_with_nothing() -> None:
    rng = np.random.default_rng(0)
    flat, textured = np.full((20, 20), 0.7, np.float32), rng.random((20, 20)).astype(np.float32)
    patches = np.stack([np.full((5, 5), 0.2), rng.random((5, 5))]).astype(np.float32)
    assert not correlate_patches(flat, patches).any()
    maps = correlate_patches(textured, patches)
    assert not maps[0].any()
    assert np.isfinite(maps).all()


def test_a_patch_is_found_where_it_was_cut_whatever_brightness_and_contrast() -> None:
    pixels = np.random.default_rng(0).random((40, 40)).astype(np.float32)
    patch = pixels[10:17, 20:27]
    (score,) = correlate_patches(0.3 * pixels + 0.5, patch[None])
    assert np.unravel_index(score.argmax(), score.shape) == (13, 23)
    assert score.max() == pytest.approx(1, abs=1e-3)
