"""The training-free descriptor keeps its promises, and finds landmarks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from medssl.embed.instant import InstantEmbedder
from medssl.evaluate import evaluate_landmarks
from medssl.phantom import write_cohort
from medssl.prepare import ArrayCache

SHAPES = {2: (61, 50), 3: (31, 26, 21)}


def _texture(shape: tuple[int, ...], seed: int = 0) -> NDArray[np.float32]:
    """Smooth random values between 0 and 1."""
    values = gaussian_filter(np.random.default_rng(seed).normal(size=shape), 2.0)
    low, high = values.min(), values.max()
    return ((values - low) / (high - low)).astype(np.float32)


@pytest.mark.parametrize("ndim", [2, 3])
def test_every_cell_has_a_unit_vector(ndim: int) -> None:
    embedder = InstantEmbedder(ndim)
    described = embedder.embed(_texture(SHAPES[ndim])[None])
    cells = tuple(-(-size // embedder.stride) for size in SHAPES[ndim])
    assert described.shape == (embedder.channels, *cells)
    assert described.dtype == np.float16
    lengths = np.linalg.norm(described.astype(np.float32), axis=0)
    np.testing.assert_allclose(lengths, 1, atol=2e-3)


@pytest.mark.parametrize("ndim", [2, 3])
def test_constant_images_give_finite_vectors(ndim: int) -> None:
    described = InstantEmbedder(ndim).embed(np.full((1, *SHAPES[ndim]), 0.4, np.float32))
    assert np.isfinite(described).all()


@pytest.mark.parametrize("ndim", [2, 3])
def test_images_of_one_pixel_give_finite_vectors(ndim: int) -> None:
    embedder = InstantEmbedder(ndim)
    described = embedder.embed(np.full((1,) * (ndim + 1), 0.4, np.float32))
    assert described.shape == (embedder.channels, *(1,) * ndim)
    assert np.isfinite(described).all()


@pytest.mark.parametrize("ndim", [2, 3])
def test_brightness_and_contrast_do_not_matter(ndim: int) -> None:
    embedder = InstantEmbedder(ndim)
    values = _texture(SHAPES[ndim])
    one, other = embedder.embed(values[None]), embedder.embed((0.25 + 0.5 * values)[None])
    cosines = (one.astype(np.float32) * other).sum(0)
    assert cosines.min() > 0.97


@pytest.mark.parametrize("ndim", [2, 3])
def test_descriptors_move_with_the_image(ndim: int) -> None:
    embedder = InstantEmbedder(ndim)
    side, cells = (128, 4) if ndim == 2 else (48, 3)
    shift = cells * embedder.stride
    scene = _texture((side + shift,) * ndim)
    first = scene[(slice(0, side),) * ndim]
    second = scene[(slice(shift, side + shift),) * ndim]
    one = embedder.embed(first[None]).astype(np.float32)
    other = embedder.embed(second[None]).astype(np.float32)
    n = side // embedder.stride
    margin = n // 3
    there = other[(slice(None), *(slice(margin, n - margin),) * ndim)].reshape(len(other), -1)
    moved = (slice(margin + cells, n - margin + cells),) * ndim
    here = one[(slice(None), *moved)].reshape(len(one), -1)
    place = np.indices((n - 2 * margin,) * ndim).reshape(ndim, -1)
    best = (there.T @ here).argmax(1)
    misses = np.linalg.norm(place[:, best] - place, axis=0)
    assert np.median(misses) == 0
    assert (here * there).sum(0).mean() > 0.85


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_cell_is_centred_where_its_number_says(ndim: int) -> None:
    """Mirroring an image mirrors the cells, which holds for no other centres than these."""
    embedder = InstantEmbedder(ndim)
    shape = (64, 48) if ndim == 2 else (32, 24, 24)
    blob = np.zeros(shape, np.float32)
    at = tuple(size // 2 - 4 for size in shape)
    blob[at] = 1
    blob = gaussian_filter(blob, 3.0)
    described = embedder.embed((blob / blob.max())[None]).astype(np.float32)
    mirrored = embedder.embed((blob / blob.max())[(None, *(slice(None, None, -1),) * ndim)])
    flipped = np.flip(mirrored.astype(np.float32), tuple(range(1, ndim + 1)))
    energy = [np.abs(np.diff(maps, axis=1)).sum(0) for maps in (described, flipped)]
    np.testing.assert_allclose(energy[0], energy[1], atol=0.05 * float(energy[0].max()))


def test_instant_beats_the_relative_position_on_volumes(tmp_path: Path) -> None:
    folder = write_cohort(tmp_path / "trunks", 8, ndim=3, seed=3, size=48)
    cache = ArrayCache(tmp_path / "cache")
    results = {
        model: evaluate_landmarks(folder.images, folder.landmarks, model, templates=2, cache=cache)
        for model in ("position", "instant")
    }
    assert results["instant"]["mre_mm"] < 0.8 * results["position"]["mre_mm"]
