"""Proportions of one chest and the outlines of its organs, in body coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medssl.phantom.fields import Field, lookup, profile, soft_min


@dataclass(frozen=True)
class Lung:
    """Outline of one lung; x is counted outwards from the spine.

    Parameters
    ----------
    side
        +1 for the patient's left lung (at the right of the film), −1 for the right one.
    apex
        ``(x, y)`` of the top.
    width
        Distance of the lateral wall from the spine.
    waist
        Height at which the wall is reached.
    dome
        ``(x, y)`` of the top of the diaphragm.
    drop
        How far the diaphragm falls from its dome to the costophrenic angle.
    medial
        Distance of the medial border from the spine, sampled over ``y`` in ``[-0.2, 2.0]``.
    """

    side: int
    apex: tuple[float, float]
    width: float
    waist: float
    dome: tuple[float, float]
    drop: float
    medial: Field

    def wall(self, x: Field, y: Field) -> Field:
        """How far inside the lateral wall and the apex a point lies (positive inside)."""
        across = np.maximum(self.side * x - self.apex[0], 0) / (self.width - self.apex[0])
        along = np.maximum(self.waist - y, 0) / (self.waist - self.apex[1])
        low = np.maximum(y - self.waist, 0)
        across = across + 0.05 * low
        return np.asarray((1 - np.sqrt(across**2 + along**2 * np.sqrt(along))) * 0.62, np.float32)

    def diaphragm(self, x: Field) -> Field:
        """Height of the diaphragm over every x."""
        t = (self.side * x - self.dome[0]) / (self.width - self.dome[0])
        fall = t * t * np.where(t > 0, t, np.float32(0.35))
        return np.asarray(self.dome[1] + self.drop * fall, np.float32)

    def depth(self, x: Field, y: Field) -> Field:
        """How far inside the lung a point lies, in body units, about; positive inside."""
        inner = self.side * x - lookup(self.medial, -0.2, 2.0, y)
        floor = (self.diaphragm(x) - y) * 0.8
        return soft_min(soft_min(self.wall(x, y), inner, 0.03), floor, 0.012)

    @property
    def costophrenic(self) -> tuple[float, float]:
        """Body coordinates of the costophrenic angle: the wall meets the diaphragm."""
        x = self.width * 0.985
        y = float(self.diaphragm(np.array([self.side * x], np.float32))[0])
        x = self.apex[0] + (self.width - self.apex[0]) * (1 - 0.05 * max(y - self.waist, 0))
        y = float(self.diaphragm(np.array([self.side * x], np.float32))[0])
        return self.side * (x - 0.012), y - 0.03


@dataclass(frozen=True)
class Chest:
    """Proportions of one chest; lengths are in body units, about 140 mm each."""

    right: Lung
    left: Lung
    heart: tuple[float, float, float, float, float]
    """Centre x and y, half axes, tilt in radians."""
    aorta: tuple[float, float, float]
    """Aortic knob: x, y, radius."""
    carina: tuple[float, float]
    trachea: NDArray[np.float64]
    """Points ``(x, y)`` of the windpipe from the top down to the carina."""
    rib_pitch: float
    rib_tilt: float
    rib_top: float
    rib_width: float
    body_width: float
    shoulder: float
    fat: float
    vessels: Field
    """Half width of the great vessels' shadow, sampled over ``y`` in ``[-0.2, 2.0]``."""

    def heart_depth(self, x: Field, y: Field) -> Field:
        """How far inside the heart's shadow a point lies, as a share of its half axes."""
        cx, cy, a, b, tilt = self.heart
        c, s = np.float32(np.cos(tilt)), np.float32(np.sin(tilt))
        dx, dy = x - np.float32(cx), y - np.float32(cy)
        p, q = (c * dx + s * dy) / np.float32(a), (c * dy - s * dx) / np.float32(b)
        return np.asarray(1 - np.sqrt(p * p + q * q), np.float32)

    def aorta_depth(self, x: Field, y: Field) -> Field:
        """How far inside the aortic knob a point lies, as a share of its radius."""
        cx, cy, r = self.aorta
        dx, dy = (x - np.float32(cx)) / np.float32(r), (y - np.float32(cy)) / np.float32(1.3 * r)
        return np.asarray(1 - np.sqrt(dx * dx + dy * dy), np.float32)

    def mediastinum_depth(self, x: Field, y: Field) -> Field:
        """How far inside the shadow between the lungs a point lies; positive inside.

        Great vessels, aortic knob, pulmonary trunk and heart flow into each other.
        """
        half = lookup(self.vessels, -0.2, 2.0, y)
        column = half - np.abs(x - np.float32(0.03))
        heart = self.heart_depth(x, y) * np.float32(0.8 * self.heart[3])
        knob = self.aorta_depth(x, y) * np.float32(self.aorta[2])
        blend = 0.05
        joined = -soft_min(-column, -knob, 0.6 * blend)
        return np.asarray(-soft_min(-joined, -heart, blend), np.float32)


def _draw_lung(rng: np.random.Generator, side: int, scale: float, length: float) -> Lung:
    apex = (float(rng.normal(0.30, 0.03)), float(rng.normal(0.0, 0.03)))
    width = scale * float(rng.normal(1.0, 0.03))
    top = apex[1]
    heights = [-0.2, top + 0.01, top + 0.11, top + 0.28, 0.55, 0.8, 1.1, 1.5, 2.0]
    upper, hilum = float(rng.normal(0.17, 0.025)), float(rng.normal(0.17, 0.03))
    borders = [0.34, apex[0] - 0.01, upper + 0.02, upper, hilum, hilum + 0.03, 0.17, 0.2, 0.2]
    if side > 0:
        borders[3] += 0.02
    dome_y = length * (1.25 if side < 0 else 1.31) + float(rng.normal(0.0, 0.05))
    return Lung(
        side=side,
        apex=apex,
        width=width,
        waist=float(rng.normal(0.98, 0.06)),
        dome=(float(rng.normal(0.42, 0.05)), dome_y),
        drop=float(np.clip(rng.normal(0.36, 0.09), 0.12, 0.6)),
        medial=profile(heights, borders),
    )


def draw_chest(rng: np.random.Generator) -> Chest:
    """Draw the proportions of one chest."""
    scale, length = float(np.exp(rng.normal(0, 0.03))), float(np.exp(rng.normal(0, 0.055)))
    carina = (float(rng.normal(-0.05, 0.025)), 0.60 * length + float(rng.normal(0, 0.05)))
    bend = float(rng.normal(-0.02, 0.03))
    trachea = np.array([[0.0, -0.6], [bend * 0.5, 0.0], [bend, 0.3], carina])
    size = float(np.exp(rng.normal(0.02, 0.14)))
    heart = (
        float(rng.normal(0.17, 0.03)),
        1.14 * length + float(rng.normal(0, 0.035)),
        0.50 * size,
        0.37 * size,
        float(rng.normal(0.6, 0.2)),
    )
    radius = float(rng.uniform(0.10, 0.17))
    aorta = (0.09 + 0.6 * radius, carina[1] - 0.14 + float(rng.normal(0, 0.02)), radius)
    return Chest(
        right=_draw_lung(rng, -1, scale, length),
        left=_draw_lung(rng, 1, scale, length),
        heart=heart,
        aorta=aorta,
        carina=carina,
        trachea=trachea,
        rib_pitch=float(rng.normal(0.172, 0.014)) * length,
        rib_tilt=float(np.clip(rng.normal(0.40, 0.10), 0.2, 0.62)),
        rib_top=float(rng.normal(-0.10, 0.06)),
        rib_width=float(rng.normal(0.40, 0.05)),
        body_width=float(np.clip(rng.normal(1.24, 0.07), 1.1, 1.5)) * scale,
        shoulder=float(rng.normal(-0.24, 0.06)),
        fat=float(rng.uniform(0.0, 1.0)),
        vessels=profile(
            [-0.2, 0.15, 0.45, carina[1] + 0.1, heart[1], 2.0],
            [0.12, *rng.normal([0.15, 0.17, 0.2], 0.02), 0.2, 0.16],
        ),
    )
