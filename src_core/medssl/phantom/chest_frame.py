"""Where the body lies in the picture: pose, field of view and smooth deformation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import map_coordinates

from medssl.phantom.fields import Field, spread

MM_PER_UNIT = 140.0
"""Body coordinates have half the inner width of an average chest as their unit."""


@dataclass(frozen=True)
class ChestFrame:
    """Pixels and body coordinates of one chest film, both ways.

    Body coordinates are ``(x, y)``: x grows to the patient's left (the right of the film) from
    the spine, y grows downwards from an average lung apex.

    Parameters
    ----------
    shape
        Rows and columns of the picture.
    matrix
        2 × 3, from pixel ``(row, column, 1)`` to undeformed body ``(x, y)``.
    x, y
        Body coordinates of every pixel, deformation included.
    """

    shape: tuple[int, int]
    matrix: NDArray[np.float64]
    x: Field
    y: Field

    @property
    def unit_px(self) -> float:
        """Length of the body unit in pixels."""
        return float(1.0 / np.sqrt(abs(np.linalg.det(self.matrix[:, :2]))))

    def to_pixel(self, point_body: ArrayLike) -> NDArray[np.float64]:
        """Map body points ``(n, 2)`` in ``(x, y)`` to pixels ``(n, 2)`` in ``(row, column)``."""
        target = np.atleast_2d(np.asarray(point_body, float))
        inverse = np.linalg.inv(self.matrix[:, :2])
        pixel = (target - self.matrix[:, 2]) @ inverse.T
        for _ in range(6):
            here = np.stack(
                [map_coordinates(f, pixel.T, order=1, mode="nearest") for f in (self.x, self.y)],
                axis=1,
            )
            inside = np.clip(pixel, 0, np.array(self.shape) - 1)
            outside = (pixel - inside) @ self.matrix[:, :2].T
            pixel = pixel + (target - here - outside) @ inverse.T
        return pixel


def draw_frame(rng: np.random.Generator, longest_side: int) -> ChestFrame:
    """Draw how a film shows its patient: aspect, crop, turn, and a smooth deformation."""
    aspect = float(np.clip(np.exp(rng.normal(0.10, 0.10)), 0.82, 1.35))
    rows = longest_side if aspect < 1 else round(longest_side / aspect)
    columns = round(longest_side * aspect) if aspect < 1 else longest_side
    height = float(np.clip(2.30 * np.exp(rng.normal(0.0, 0.085)), 2.0, 2.8))
    width = height * columns / rows
    if width < 2.15:
        height, width = height * 2.15 / width, 2.15
    angle = np.deg2rad(rng.normal(0.0, 2.8))
    centre = np.array([rng.normal(0.0, 0.06), 0.87 + rng.normal(0.0, 0.08)])
    per_pixel = height / rows
    stretch = np.exp(rng.normal(0.0, 0.03))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.diag([per_pixel * stretch, per_pixel / stretch])
    matrix = np.zeros((2, 3))
    matrix[:, :2] = linear[:, ::-1]
    matrix[:, 2] = centre - matrix[:, :2] @ np.array([(rows - 1) / 2, (columns - 1) / 2])
    row, column = np.arange(rows, dtype=np.float32)[:, None], np.arange(columns, dtype=np.float32)
    fields = []
    for axis in range(2):
        a, b, c = np.asarray(matrix[axis], np.float32)
        bend = spread(rng.normal(0.0, 0.042, (5, 5)), (rows, columns))
        fields.append(np.asarray(a * row + b * column + c + bend, np.float32))
    return ChestFrame((rows, columns), matrix, fields[0], fields[1])
