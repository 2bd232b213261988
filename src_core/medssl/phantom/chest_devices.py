"""What does not belong to the patient: tubes, leads, electrodes, side markers, film edges."""

from __future__ import annotations

import numpy as np

from medssl.phantom.chest_anatomy import Chest
from medssl.phantom.chest_frame import ChestFrame
from medssl.phantom.fields import Field, step
from medssl.phantom.strokes import draw_path, letters, smooth_path


def devices(rng: np.random.Generator, chest: Chest, frame: ChestFrame) -> Field:
    """Absorption of tubes, lines and electrodes; nothing at all on about half of the films."""
    out = np.zeros(frame.shape, np.float32)
    unit = frame.unit_px
    if rng.random() < 0.25:
        tip = float(rng.uniform(0.35, 0.85))
        throat = chest.trachea[:3] + rng.normal(0, 0.01, (3, 2))
        end = chest.trachea[2] * (1 - tip) + chest.trachea[3] * tip - [0, 0.1]
        tube = frame.to_pixel(smooth_path(np.vstack([throat[:2], end]), 30))
        draw_path(out, tube, 0.026 * unit, 0.35)
        draw_path(out, tube, 0.006 * unit, 0.6)
    if rng.random() < 0.25:
        side = rng.choice([-1, 1])
        path = [[side * 0.9, 0.05], [side * 0.5, 0.1], [side * 0.2, 0.2], [-0.14, 0.45]]
        path.append([-0.15, float(rng.uniform(0.7, 0.95))])
        points = np.array(path) + rng.normal(0, 0.025, (5, 2))
        draw_path(out, frame.to_pixel(smooth_path(points, 60)), 0.010 * unit, 0.6)
    if rng.random() < 0.3:
        for _ in range(int(rng.integers(2, 5))):
            end = np.array([rng.uniform(-0.9, 0.9), rng.uniform(0.1, 1.3)])
            start = np.array([rng.choice([-1.6, 1.6]), rng.uniform(-0.2, 1.6)])
            middle = (start + end) / 2 + rng.normal(0, 0.18, 2)
            wire = frame.to_pixel(smooth_path(np.array([start, middle, end]), 50))
            draw_path(out, wire, 0.008 * unit, 0.4)
            centre = wire[-1]
            draw_path(out, [centre - 0.5, centre + 0.5], 0.05 * unit, 0.45)
            draw_path(out, [centre - 0.3, centre + 0.3], 0.018 * unit, 0.9)
    return out


def marker(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """White side marker or label in an upper corner of some films, 0 to 1."""
    out = np.zeros(shape, np.float32)
    if rng.random() < 0.4:
        return out
    left_of_film = bool(rng.random() < 0.4)
    text = str(rng.choice(["R", "R", "RIS"] if left_of_film else ["L", "L", "LAT", "SUPINE"]))
    block = letters(
        text, round(shape[0] * rng.uniform(0.03, 0.055) * (1 if len(text) < 2 else 0.6))
    )
    row = int(rng.uniform(0.02, 0.14) * shape[0])
    gap = int(rng.uniform(0.02, 0.07) * shape[1])
    column = gap if left_of_film else shape[1] - gap - block.shape[1]
    place = (slice(row, row + block.shape[0]), slice(column, column + block.shape[1]))
    out[place] = block * np.float32(rng.uniform(0.8, 1.0))
    return out


def film_edges(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Collimator shadow: 1 inside the exposed field, 0 beyond its edges on some films."""
    rows = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None]
    columns = np.linspace(0, 1, shape[1], dtype=np.float32)[None, :]
    lit = np.ones(shape, np.float32)
    if rng.random() < 0.65:
        return lit
    for distance in (rows, 1 - rows, columns, 1 - columns):
        if rng.random() < 0.35:
            other = columns if distance.shape[1] == 1 else rows
            slope = float(rng.normal(0, 0.015))
            lit = lit * step(distance + slope * (other - 0.5) - rng.uniform(0.0, 0.035), 0.002)
    return lit
