"""Organs of a trunk, in body coordinates: where they lie and how they vary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medssl.phantom.fields import Field, smooth_noise, spread

Coordinates = tuple[Field, Field, Field]
"""Body coordinates ``(x, y, z)`` of every voxel: to the left, backwards, upwards."""


@dataclass(frozen=True)
class Blob:
    """An organ: an ellipsoid, turned about the y axis, with an uneven surface.

    Parameters
    ----------
    centre
        ``(x, y, z)`` in body units; half the trunk's width is about 1.
    radii
        Half axes along its own x, y, z.
    tilt
        Turn in the frontal plane in radians; positive leans the top to the patient's left.
    rough
        Height of the bumps of its surface, as a share of its radii.
    """

    centre: tuple[float, float, float]
    radii: tuple[float, float, float]
    tilt: float = 0.0
    rough: float = 0.06

    def vary(self, rng: np.random.Generator, move: float = 0.03, size: float = 0.08) -> Blob:
        """Draw a neighbour: moved, resized and turned a little."""
        return Blob(
            tuple(np.add(self.centre, rng.normal(0, move, 3)).tolist()),
            tuple((np.array(self.radii) * np.exp(rng.normal(0, size, 3))).tolist()),
            self.tilt + float(rng.normal(0, 0.1)),
            self.rough,
        )

    def depth(self, rng: np.random.Generator, at: Coordinates) -> Field:
        """How far inside a point lies, as a share of the half axes; positive inside."""
        c, s = np.float32(np.cos(self.tilt)), np.float32(np.sin(self.tilt))
        dx, dy, dz = (v - np.float32(o) for v, o in zip(at, self.centre, strict=True))
        p = (c * dx - s * dz) / np.float32(self.radii[0])
        q = dy / np.float32(self.radii[1])
        r = (c * dz + s * dx) / np.float32(self.radii[2])
        knots = [max(5, n // 12) for n in at[0].shape]
        bumps = smooth_noise(rng, at[0].shape, knots) * np.float32(self.rough)
        return np.asarray(1 - np.sqrt(p * p + q * q + r * r) + bumps, np.float32)


def place_voxels(
    rng: np.random.Generator, shape: tuple[int, int, int], step_units: float
) -> tuple[Coordinates, np.ndarray]:
    """Draw pose, crop and smooth deformation: body coordinates of every voxel.

    Returns
    -------
    at
        Body coordinates ``(x, y, z)`` of the voxels, deformation included.
    matrix
        3 × 4, from voxel ``(z, y, x, 1)`` to body ``(x, y, z)`` without the deformation.
    """
    turns = np.deg2rad(rng.normal(0.0, [3.0, 3.0, 4.0]))
    turn = np.eye(3)
    for axis, angle in enumerate(turns):
        i, j = [(1, 2), (0, 2), (0, 1)][axis]
        plane = np.eye(3)
        plane[i, i] = plane[j, j] = np.cos(angle)
        plane[i, j], plane[j, i] = -np.sin(angle), np.sin(angle)
        turn = turn @ plane
    matrix = np.zeros((3, 4))
    matrix[:, :3] = (turn * step_units)[:, ::-1]
    middle = (np.array(shape) - 1) / 2
    centre = np.array([0.0, 0.0, 0.20]) + rng.normal(0, [0.05, 0.04, 0.09])
    matrix[:, 3] = centre - matrix[:, :3] @ middle
    index = [
        np.arange(n, dtype=np.float32).reshape([-1 if a == b else 1 for b in range(3)])
        for a, n in enumerate(shape)
    ]
    fields = []
    for row in np.asarray(matrix, np.float32):
        bend = spread(rng.normal(0.0, 0.045, (5, 4, 4)), shape)
        fields.append(row[0] * index[0] + row[1] * index[1] + row[2] * index[2] + row[3] + bend)
    return (fields[0], fields[1], fields[2]), matrix
