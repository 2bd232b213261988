"""Tubes, wires, vessels and letters drawn into a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline

from medssl.phantom.fields import Field

_GLYPHS = {
    "A": "01110100011000111111100011000110001",
    "B": "11110100011000111110100011000111110",
    "E": "11111100001000011110100001000011111",
    "I": "01110001000010000100001000010001110",
    "L": "10000100001000010000100001000011111",
    "N": "10001110011010110011100011000110001",
    "P": "11110100011000111110100001000010000",
    "R": "11110100011000111110101001001010001",
    "S": "01111100001000001110000010000111110",
    "T": "11111001000010000100001000010000100",
    "U": "10001100011000110001100011000101110",
}


def smooth_path(points: ArrayLike, n: int) -> NDArray[np.float64]:
    """Pass a smooth curve through ``(k, 2)`` points and sample it ``n`` times."""
    given = np.asarray(points, float)
    along = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(given, axis=0), axis=1))]
    return np.asarray(CubicSpline(along, given)(np.linspace(0.0, along[-1], n)))


def draw_path(canvas: Field, points_px: ArrayLike, radius_px: ArrayLike, weight: ArrayLike) -> None:
    """Draw a round tube along a polyline of ``(row, column)`` points, keeping the maximum.

    `radius_px` and `weight` are single numbers or one value a point.
    """
    points = np.asarray(points_px, float)
    radii = np.broadcast_to(np.asarray(radius_px, float), (len(points),))
    weights = np.broadcast_to(np.asarray(weight, float), (len(points),))
    draw_segments(
        canvas, points[:-1], points[1:], (radii[:-1] + radii[1:]) / 2, weights[:-1], lighten=True
    )


def draw_segments(
    canvas: Field,
    starts_px: NDArray[np.float64],
    ends_px: NDArray[np.float64],
    radii_px: NDArray[np.float64],
    weights: NDArray[np.float64],
    *,
    lighten: bool,
) -> None:
    """Draw straight round tubes: their thickness times a weight, added or kept as a maximum."""
    radii = np.maximum(radii_px, 0.7)
    weights = weights * np.minimum(radii_px / radii, 1)
    limits = np.array(canvas.shape)
    low = np.floor(np.minimum(starts_px, ends_px) - radii[:, None] - 1).astype(int)
    high = np.ceil(np.maximum(starts_px, ends_px) + radii[:, None] + 2).astype(int)
    low, high = np.maximum(low, 0), np.minimum(high, limits)
    for a, b, radius, weight, (r0, c0), (r1, c1) in zip(
        starts_px, ends_px, radii, weights, low, high, strict=True
    ):
        if r1 <= r0 or c1 <= c0:
            continue
        rows = np.arange(r0, r1, dtype=np.float32)[:, None] - np.float32(a[0])
        columns = np.arange(c0, c1, dtype=np.float32)[None, :] - np.float32(a[1])
        d = b - a
        along = (rows * np.float32(d[0]) + columns * np.float32(d[1])) / np.float32(d @ d + 1e-6)
        along = np.clip(along, 0, 1)
        off = (rows - along * np.float32(d[0])) ** 2 + (columns - along * np.float32(d[1])) ** 2
        thickness = np.sqrt(np.maximum(1 - off / np.float32(radius * radius), 0))
        thickness *= np.float32(weight)
        part = canvas[r0:r1, c0:c1]
        canvas[r0:r1, c0:c1] = np.maximum(part, thickness) if lighten else part + thickness


def letters(text: str, height_px: int) -> Field:
    """Set a short text (letters A B E I L N P R S T U) in white on black."""
    cell = max(1, round(height_px / 7))
    tiles = []
    for letter in text:
        bits = np.array([int(b) for b in _GLYPHS[letter]], np.float32).reshape(7, 5)
        tiles += [bits, np.zeros((7, 1), np.float32)]
    return np.asarray(np.kron(np.concatenate(tiles, axis=1), np.ones((cell, cell))), np.float32)
