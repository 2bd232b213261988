"""Maps that know nothing of lesions: what any method must be better than."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from medssl.prepare import Case

Floats = NDArray[np.float32]
_SCALES = (2.0, 4.0, 8.0)
"""Sizes of what stands out, working voxels; its surroundings reach three times as far."""
_GRAIN = 4.0
_CENTRE = 0.25
"""Width of the Gaussian, as a share of each side."""


def random_map(case: Case) -> tuple[Floats, float]:
    """Return smooth noise that follows from the name of the image, and a random score."""
    digest = hashlib.blake2b(case.key.encode(), digest_size=8).digest()
    rng = np.random.default_rng(int.from_bytes(digest))
    score = float(rng.random())
    noise = rng.standard_normal(case.array.shape[1:]).astype(np.float32)
    return _to_unit(ndimage.gaussian_filter(noise, _GRAIN)), score


def centre_gaussian(case: Case) -> tuple[Floats, float]:
    """Return a Gaussian around the middle of the image; the score is the same for all."""
    exponent = np.zeros(case.array.shape[1:], np.float32)
    for axis, side in enumerate(exponent.shape):
        place = (np.arange(side, dtype=np.float32) + 0.5) / side - 0.5
        shape = [1] * exponent.ndim
        shape[axis] = side
        exponent = exponent + ((place / _CENTRE) ** 2).reshape(shape)
    return _to_unit(np.exp(-exponent / 2)), 0.0


def saliency(case: Case) -> tuple[Floats, float]:
    """Return how much each place differs from its surroundings, over three scales.

    It is the absolute difference of two Gaussians, as in centre-surround models of what draws the
    eye; the score is its highest value.
    """
    image = np.asarray(case.array, np.float32).mean(0)
    total = np.zeros_like(image)
    for scale in _SCALES:
        near = ndimage.gaussian_filter(image, scale)
        total += np.abs(near - ndimage.gaussian_filter(image, 3 * scale))
    return _to_unit(total), float(total.max())


CONTROLS: dict[str, Callable[[Case], tuple[Floats, float]]] = {
    "random_map": random_map,
    "centre_gaussian": centre_gaussian,
    "saliency": saliency,
}


def _to_unit(values: Floats) -> Floats:
    low, high = float(values.min()), float(values.max())
    if high == low:
        return np.zeros_like(values)
    return ((values - low) / (high - low)).astype(np.float32)
