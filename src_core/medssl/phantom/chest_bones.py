"""Bones of the chest film: ribs, spine, clavicles, shoulder blades, upper arms."""

from __future__ import annotations

import numpy as np

from medssl.phantom.chest_anatomy import Chest
from medssl.phantom.chest_frame import ChestFrame
from medssl.phantom.fields import Field, lookup, step
from medssl.phantom.strokes import draw_path, smooth_path

_RIBS = 11


def _rib_table(rng: np.random.Generator, chest: Chest) -> Field:
    """Absorption across all the ribs of one side, sampled over their numbers −1 … 12."""
    n = 4096
    phase = np.linspace(-1.0, 12.0, n, endpoint=False)
    table = np.zeros(n, np.float32)
    for rib in range(_RIBS):
        centre = rib + rng.normal(0, 0.05)
        half = chest.rib_width * float(rng.normal(0.5, 0.03))
        d = np.abs(phase - centre) / half
        body = np.clip((1 - d) / 0.22, 0, 1)
        rim = np.exp(-(((d - 0.86) / 0.13) ** 2))
        lower = np.where(phase > centre, 1.0, 0.55)
        table += (0.62 * body + 0.55 * rim * lower).astype(np.float32)
    return table


def ribs(rng: np.random.Generator, chest: Chest, x: Field, y: Field) -> Field:
    """Absorption of both rib cages: tilted half rings, near and far halves crossing."""
    first, last = -1.0, 12.0
    right, left = _rib_table(rng, chest), _rib_table(rng, chest)
    is_left = x > 0
    near = np.abs(x)
    wall = np.where(is_left, np.float32(chest.left.width), np.float32(chest.right.width)) * 1.03
    waist = np.where(is_left, np.float32(chest.left.waist), np.float32(chest.right.waist))
    rise = np.clip((waist - y) / (waist + 0.17), 0, 1)
    reach = wall * np.sqrt(np.maximum(1 - rise * rise * np.sqrt(rise), 0.01))
    q = near / (reach + 0.05 * np.maximum(y - waist, 0))
    q2 = np.minimum(q * q, 1)
    q8 = q2 * q2 * q2 * q2
    c = np.sqrt(1 - q2)
    bend = (q - 0.3) * 4
    hump = 0.10 * np.exp(-bend * bend)
    behind = (y - chest.rib_top - chest.rib_tilt * (1 - c) + hump) / chest.rib_pitch
    ahead = (y - chest.rib_top - chest.rib_tilt * (1 + 1.25 * c)) / chest.rib_pitch
    both = np.concatenate([right, left])
    shift = np.where(is_left, np.float32(last - first), np.float32(0))
    far = 2 * last - first
    back, front = (
        lookup(both, first, far, np.clip(at, first, last - 0.01) + shift) for at in (behind, ahead)
    )
    front *= step(q - float(rng.normal(0.52, 0.05)), 0.12) * np.float32(0.62)
    inside = step(1.0 - q, 0.015) * step(near - 0.06, 0.02)
    out = inside * ((1 + 0.9 * q8) * (back + front) + 0.7 * q8 * q8 * q8)
    return np.asarray(out, np.float32)


def spine(rng: np.random.Generator, chest: Chest, x: Field, y: Field) -> Field:
    """Absorption of the vertebral column: bodies, end plates, pedicles, spinous processes."""
    pitch = chest.rib_pitch * 0.97
    sway = float(rng.normal(0, 0.02)) * np.sin(2.2 * y + float(rng.uniform(0, 6)))
    level = (y - chest.rib_top + 0.04) / pitch
    f = level - np.round(level)
    half = 0.105 + 0.02 * np.clip(y, -0.5, 2)
    d = np.abs(x - sway) / half
    column = step(1 - d + 0.10 * np.abs(f), 0.12)
    plates = np.exp(-(((np.abs(f) - 0.40) / 0.05) ** 2))
    disc = np.exp(-(((np.abs(f) - 0.5) / 0.06) ** 2))
    pedicle = np.exp(-((d - 0.62) ** 2 + (2.4 * (f + 0.12)) ** 2) / 0.03)
    process = np.exp(-((d / 0.14) ** 2 + ((f - 0.25) / 0.2) ** 2))
    return np.asarray(
        column * (0.75 + 0.35 * plates - 0.30 * disc) + 0.4 * pedicle + 0.35 * process, np.float32
    )


def limbs(rng: np.random.Generator, frame: ChestFrame) -> Field:
    """Absorption of clavicles, shoulder blades and upper arms."""
    out = np.zeros(frame.shape, np.float32)
    unit = frame.unit_px
    for side in (-1, 1):
        lift = float(rng.normal(0, 0.05))
        y0 = 0.16 + float(rng.normal(0, 0.03))
        shape = np.array([[0.09, y0], [0.35, y0 - 0.02], [0.75, y0 - 0.17], [1.12, y0 - 0.24]])
        shape[1:, 1] += lift * np.array([0.3, 0.8, 1.2])
        path = smooth_path(shape * [side, 1], 12)
        radius = (0.042 + 0.022 * np.linspace(1, -0.4, 12) ** 2) * unit
        bone = np.zeros_like(out)
        draw_path(bone, frame.to_pixel(path), radius, 0.95)
        marrow = np.zeros_like(out)
        draw_path(marrow, frame.to_pixel(path), 0.62 * radius, 0.35)
        out += bone - marrow
        blade = np.array([[1.10, -0.02], [1.0, 0.35], [0.97, 0.75], [1.02, 0.95]])
        blade[:, 0] += float(rng.normal(0.0, 0.06))
        thin = np.zeros_like(out)
        draw_path(thin, frame.to_pixel(smooth_path(blade * [side, 1], 12)), 0.022 * unit, 0.45)
        ridge = np.array([[0.8, -0.02], [1.1, -0.12], [1.3, -0.1]]) * [side, 1]
        draw_path(thin, frame.to_pixel(smooth_path(ridge, 6)), 0.05 * unit, 0.4)
        arm = np.array([[1.32, 0.02], [1.47, 0.45], [1.58, 1.2]])
        arm[:, 0] += float(rng.normal(0.04, 0.05))
        head = frame.to_pixel(smooth_path(arm * [side, 1], 6))
        draw_path(thin, head, np.linspace(0.15, 0.08, 6).clip(0.085) * unit, 0.8)
        out += thin
    return out
