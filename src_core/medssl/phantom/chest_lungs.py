"""What fills the lungs: vessels, mottle, haze and lesions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medssl.phantom.chest_anatomy import Chest, Lung
from medssl.phantom.chest_frame import ChestFrame
from medssl.phantom.fields import Field, smooth_noise, step
from medssl.phantom.strokes import draw_segments


def _tree(
    rng: np.random.Generator, chest: Chest, lung: Lung, generations: int
) -> NDArray[np.float64]:
    """Grow vessels from the hilum outwards: rows of ``x0, y0, x1, y1, radius``."""
    hilum = np.array([lung.side * 0.22, chest.carina[1] + 0.13])
    angles = np.deg2rad(rng.normal([-70, -42, -15, 12, 38, 62, 80], 8.0))
    tips = np.repeat(hilum[None], len(angles), axis=0) + rng.normal(0, 0.03, (len(angles), 2))
    radius = rng.uniform(0.022, 0.036, len(angles))
    length = rng.uniform(0.13, 0.2, len(angles))
    rows = []
    for generation in range(generations):
        step_by = np.stack([lung.side * np.cos(angles), np.sin(angles)], axis=1) * length[:, None]
        ends = tips + step_by
        rows.append(np.column_stack([tips, ends, radius]))
        n = len(angles)
        fork = 0.42 if generation else 0.3
        angles = np.concatenate(
            [angles + rng.normal(fork, 0.16, n), angles - rng.normal(fork, 0.16, n)]
        )
        tips = np.concatenate([ends, ends])
        shrink = rng.uniform(0.6, 0.85, 2 * n)
        radius = np.concatenate([radius, radius]) * shrink
        length = np.concatenate([length, length]) * rng.uniform(0.65, 1.0, 2 * n)
    return np.concatenate(rows)


def vessels(rng: np.random.Generator, chest: Chest, frame: ChestFrame) -> Field:
    """Absorption of the vessels of both lungs."""
    out = np.zeros(frame.shape, np.float32)
    for lung in (chest.right, chest.left):
        rows = _tree(rng, chest, lung, 5)
        rows = rows[rows[:, 4] > 0.0055]
        starts, ends = frame.to_pixel(rows[:, :2]), frame.to_pixel(rows[:, 2:4])
        radii = rows[:, 4] * frame.unit_px
        draw_segments(out, starts, ends, radii, rows[:, 4] / 0.03, lighten=True)
    return out


def mottle(rng: np.random.Generator, frame: ChestFrame) -> Field:
    """Fine structure of the lungs: noise of three sizes, about unit deviation."""
    height, width = frame.shape
    out = np.zeros(frame.shape, np.float32)
    for size, weight in ((0.22, 0.45), (0.09, 0.55), (0.04, 0.6)):
        knots = [max(6, round(n / (size * frame.unit_px))) for n in (height, width)]
        out += np.float32(weight) * smooth_noise(rng, frame.shape, knots)
    return out


def haze(rng: np.random.Generator, chest: Chest, frame: ChestFrame) -> Field:
    """Patchy veil over the lungs, from 0 (clear) to 1 (as dense as soft tissue).

    Half of the films are almost clear; in the others it hides borders of heart and diaphragm.
    """
    veil = smooth_noise(rng, frame.shape, (6, 6)) + 0.5 * smooth_noise(rng, frame.shape, (11, 11))
    strength = float(rng.uniform(0.0, 0.2) if rng.random() < 0.45 else rng.uniform(0.25, 0.95))
    out = strength * np.maximum(veil * 0.45 + 0.55, 0)
    for lung in (chest.right, chest.left):
        if rng.random() < 0.28:
            level = lung.dome[1] + float(rng.uniform(-0.35, 0.2))
            here = step(lung.side * frame.x, 0.05)
            slope = 0.25 * (lung.side * frame.x - 0.5)
            out += here * step(frame.y + slope - level, float(rng.uniform(0.08, 0.3)))
    return np.asarray(np.clip(out, 0, 1), np.float32)


def opacities(
    rng: np.random.Generator, frame: ChestFrame, lungs: NDArray[np.bool_], count: int
) -> tuple[Field, NDArray[np.bool_]]:
    """Round lesions with ragged edges at random places of the lungs: absorption and mask."""
    out = np.zeros(frame.shape, np.float32)
    inside = np.argwhere(lungs)
    ragged = smooth_noise(rng, frame.shape, (24, 24))
    for _ in range(count if len(inside) else 0):
        row, column = inside[rng.integers(len(inside))]
        size = float(rng.uniform(0.05, 0.17))
        dx, dy = frame.x - frame.x[row, column], frame.y - frame.y[row, column]
        distance = 1 - np.hypot(dx, dy * float(rng.uniform(0.8, 1.25))) / size + 0.22 * ragged
        lesion = step(distance - 0.15, 0.35) * float(rng.uniform(0.7, 1.1))
        out = np.maximum(out, lesion)
    out *= lungs
    return out, out > 0.3
