"""Bones of a trunk: vertebrae, ribs and breastbone, density from 0 to 1."""

from __future__ import annotations

import numpy as np

from medssl.phantom.fields import Field, step
from medssl.phantom.volume_organs import Coordinates

_BACK = 0.42
"""Distance of the vertebral bodies behind the middle of the trunk."""


def spine_3d(rng: np.random.Generator, at: Coordinates) -> Field:
    """Vertebrae in a row: bodies with denser rims, discs between, arches and processes."""
    x, y, z = at
    pitch = 0.165 * float(np.exp(rng.normal(0, 0.05)))
    level = z / pitch + float(rng.uniform(0, 1))
    f = level - np.round(level)
    middle = _BACK - 0.06 * np.cos(2.0 * (z - 0.5)) + 0.06
    radius = 0.105 + 0.02 * np.clip(0.3 - z, -0.5, 1)
    d = np.hypot(x, 1.15 * (y - middle)) / radius
    body = step(1 - d, 0.12) * step(0.40 - np.abs(f), 0.05)
    rim = 0.35 * step(d - 0.78, 0.1) + 0.3 * step(np.abs(f) - 0.30, 0.05)
    arch = np.abs(np.hypot(x, 1.1 * (y - middle - 0.17)) - 0.085)
    ring = step(0.024 - arch, 0.012) * step(y - middle - 0.05, 0.03) * step(0.36 - np.abs(f), 0.08)
    spike = step(0.022 - np.abs(x), 0.012) * step(0.13 - np.abs(y - middle - 0.33), 0.03)
    spike = spike * step(0.22 - np.abs(f + 1.2 * (y - middle - 0.33)), 0.06)
    wings = step(0.20 - np.abs(x), 0.03) * step(0.03 - np.abs(y - middle - 0.13), 0.015)
    wings = wings * step(0.14 - np.abs(f), 0.05)
    out = np.maximum(np.maximum(body * (0.55 + rim), ring), np.maximum(spike, wings))
    return np.asarray(out, np.float32)


def ribs_3d(rng: np.random.Generator, at: Coordinates, under_skin: Field) -> Field:
    """Ribs as tilted bands of a shell under the skin, and the breastbone in front."""
    x, y, z = at
    pitch = 0.155 * float(np.exp(rng.normal(0, 0.05)))
    tilt = float(rng.normal(0.50, 0.06))
    level = (z + tilt * (0.55 - y)) / pitch + float(rng.uniform(0, 1))
    f = level - np.round(level)
    band = step(0.24 - np.abs(f), 0.07)
    wall = step(0.036 - np.abs(under_skin - 0.085), 0.016)
    upto = step(z + 0.42 * y + 0.28, 0.04) * step(1.18 - z, 0.03)
    front = step(np.abs(x) - 0.16 - 0.3 * np.maximum(0.3 - z, 0), 0.04) + step(y, 0.05)
    back = step(np.abs(x) - 0.1, 0.03)
    bony = np.clip(front, 0, 1) * back * (0.55 + 0.45 * step(y + 0.3, 0.15))
    ribs = band * wall * upto * bony
    plate = step(0.09 - np.abs(x), 0.02) * step(0.03 - np.abs(y + 0.58), 0.015)
    plate = plate * step(0.3 - np.abs(z - 0.62), 0.04) * 0.7
    return np.asarray(np.maximum(ribs, plate * step(under_skin - 0.03, 0.02)), np.float32)
