"""Smooth random fields, soft shapes and strokes: what the phantoms are drawn with.

Everything is float32, evaluated on whole grids at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline

Field = NDArray[np.float32]


def spread(coarse: ArrayLike, shape: Sequence[int]) -> Field:
    """Spread a coarse grid of values over a fine one by natural cubic splines, axis by axis.

    The first and the last coarse values lie on the first and the last fine samples.
    """
    field = np.asarray(coarse, np.float32)
    for axis, size in enumerate(shape):
        knots = np.linspace(0.0, 1.0, field.shape[axis])
        spline = CubicSpline(knots, np.eye(len(knots)), bc_type="natural")
        matrix = np.asarray(spline(np.linspace(0.0, 1.0, size)), np.float32)
        field = np.moveaxis(np.tensordot(matrix, field, axes=(1, axis)), 0, axis)
    return np.ascontiguousarray(field)


def smooth_noise(rng: np.random.Generator, shape: Sequence[int], knots: Sequence[int]) -> Field:
    """Draw a smooth field of about unit standard deviation, with `knots` random values an axis."""
    return spread(rng.standard_normal(tuple(max(4, k) for k in knots)), shape) * np.float32(1.3)


def step(distance: ArrayLike, width: float) -> Field:
    """Rise from 0 to 1 around ``distance == 0`` within about ± `width` (a smoothstep)."""
    t = np.clip(np.asarray(distance, np.float32) * np.float32(0.5 / width) + np.float32(0.5), 0, 1)
    return np.asarray(t * t * (np.float32(3.0) - np.float32(2.0) * t), np.float32)


def bulge(distance: ArrayLike, width: float) -> Field:
    """Thickness of a rounded body at a depth under its outline: 0 outside, 1 from `width` on."""
    t = np.clip(np.asarray(distance, np.float32) / np.float32(width), 0, 1)
    return np.asarray(np.sqrt(t * (np.float32(2.0) - t)), np.float32)


def soft_min(first: ArrayLike, second: ArrayLike, width: float) -> Field:
    """Minimum of two fields with a rounded corner of about `width`."""
    a = np.asarray(first, np.float32)
    b = np.asarray(second, np.float32)
    difference = a - b
    root = np.sqrt(difference * difference + np.float32(width * width))
    return np.asarray(np.float32(0.5) * (a + b - root), np.float32)


def lookup(values: Field, first: float, last: float, at: ArrayLike) -> Field:
    """Read a finely and evenly sampled curve over ``[first, last]``, held beyond its ends."""
    scale = np.float32((len(values) - 1) / (last - first))
    index = (np.asarray(at, np.float32) - np.float32(first)) * scale + np.float32(0.5)
    return np.asarray(np.take(values, index.astype(np.int32), mode="clip"), np.float32)


def profile(knots: Sequence[float], values: Sequence[float], n: int = 2048) -> Field:
    """Sample a curve through a few points evenly, for `lookup` over ``[knots[0], knots[-1]]``."""
    spline = CubicSpline(np.asarray(knots), np.asarray(values), bc_type="natural")
    return np.asarray(spline(np.linspace(knots[0], knots[-1], n)), np.float32)
