"""The only place where voxel and world coordinates meet.

Conventions, everywhere in medssl:

- Array axes are ``(z, y, x)`` for volumes and ``(y, x)`` for pictures.
- A point in voxels is ``(z, y, x)`` or ``(y, x)``; index 0 is the *centre* of the first voxel.
- A point in the world is ``(x, y, z)`` or ``(x, y)``, in millimetres, LPS: x grows to the
  patient's left, y to posterior, z to superior (the convention of DICOM and SimpleITK).
- A picture whose pixel size is unknown has the unit ``"px"``: its world is its own pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medssl.errors import GeometryError

Unit = Literal["mm", "px"]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
    """Where the voxels of an image lie in the world.

    Parameters
    ----------
    shape
        Number of voxels along the array axes, ``(z, y, x)`` or ``(y, x)``.
    spacing
        Distance between voxel centres along the array axes, in `unit`.
    origin
        World position ``(x, y, z)`` or ``(x, y)`` of the centre of voxel 0, in `unit`.
    direction
        Rows are the world axes ``(x, y, z)``, columns the array axes ``(z, y, x)``: column
        ``i`` is the unit vector along which array axis ``i`` runs.
    unit
        ``"mm"``, or ``"px"`` where the pixel size is not known.

    Raises
    ------
    GeometryError
        If the lengths do not fit together, a spacing is not positive and finite, or the
        direction is singular.
    """

    shape: tuple[int, ...]
    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    direction: tuple[tuple[float, ...], ...]
    unit: Unit = "mm"

    def __post_init__(self) -> None:
        n = len(self.shape)
        if n not in (2, 3):
            raise GeometryError(f"a grid has 2 or 3 axes, not {n} (shape {self.shape})")
        lengths = {len(self.spacing), len(self.origin), len(self.direction)}
        lengths |= {len(row) for row in self.direction}
        if lengths != {n}:
            raise GeometryError(f"spacing, origin and direction must all have {n} axes")
        if any(s < 1 for s in self.shape):
            raise GeometryError(f"a grid needs at least one voxel an axis, not {self.shape}")
        if not all(np.isfinite(s) and s > 0 for s in self.spacing):
            raise GeometryError(f"spacing must be positive and finite, not {self.spacing}")
        matrix = np.array(self.direction)
        if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 1e-6:
            raise GeometryError("the direction of the image axes is singular")

    @classmethod
    def create(
        cls,
        shape: Sequence[int],
        spacing: Sequence[float] | None = None,
        origin: Sequence[float] | None = None,
        direction: ArrayLike | None = None,
        unit: Unit | None = None,
    ) -> Grid:
        """Build a grid; what is left out takes the plain value.

        Without `spacing` the unit is the pixel. Without `direction` array axes run along the
        world axes: x along the last axis, y along the one before, z along the first of three.
        """
        n = len(shape)
        if unit is None:
            unit = "mm" if spacing is not None else "px"
        matrix = np.eye(n)[:, ::-1] if direction is None else np.asarray(direction, float)
        return cls(
            shape=tuple(int(s) for s in shape),
            spacing=tuple(float(s) for s in (spacing if spacing is not None else (1.0,) * n)),
            origin=tuple(float(o) for o in (origin if origin is not None else (0.0,) * n)),
            direction=tuple(tuple(float(v) for v in row) for row in matrix),
            unit=unit,
        )

    @classmethod
    def from_affine(cls, shape: Sequence[int], affine: ArrayLike, unit: Unit = "mm") -> Grid:
        """Build a grid from a homogeneous matrix, voxel ``(z, y, x, 1)`` to LPS ``(x, y, z, 1)``.

        A sheared matrix is kept as it is: the columns of `direction` need not be orthogonal.
        """
        matrix = np.asarray(affine, float)
        n = len(shape)
        columns = matrix[:n, :n]
        spacing = np.linalg.norm(columns, axis=0)
        if not np.isfinite(matrix).all() or (spacing <= 0).any():
            raise GeometryError("the affine matrix of the image is singular or not finite")
        return cls.create(shape, spacing.tolist(), matrix[:n, n].tolist(), columns / spacing, unit)

    @property
    def ndim(self) -> int:
        """Number of axes, 2 or 3."""
        return len(self.shape)

    @property
    def affine(self) -> FloatArray:
        """Homogeneous matrix from voxel ``(z, y, x, 1)`` to world ``(x, y, z, 1)``."""
        n = self.ndim
        matrix = np.eye(n + 1)
        matrix[:n, :n] = np.array(self.direction) * np.array(self.spacing)
        matrix[:n, n] = self.origin
        return matrix

    @property
    def is_orthogonal(self) -> bool:
        """Whether the array axes are at right angles to each other (within 0.01 degrees)."""
        matrix = np.array(self.direction)
        return bool(np.allclose(matrix.T @ matrix, np.eye(self.ndim), atol=2e-4))

    @property
    def diagonal(self) -> float:
        """Length of the image's diagonal, ``sqrt(sum((shape * spacing)²))``, in `unit`."""
        return float(np.linalg.norm(np.array(self.shape) * np.array(self.spacing)))

    def voxel_to_world(self, point_vox: ArrayLike) -> FloatArray:
        """Map voxel points ``(..., ndim)`` in ``(z, y, x)`` to world points in ``(x, y, z)``."""
        n = self.ndim
        affine = self.affine
        return np.asarray(np.asarray(point_vox, float) @ affine[:n, :n].T + affine[:n, n])

    def world_to_voxel(self, point_world: ArrayLike) -> FloatArray:
        """Map world points ``(..., ndim)`` in ``(x, y, z)`` to voxel points in ``(z, y, x)``."""
        n = self.ndim
        affine = self.affine
        inverse = np.linalg.inv(affine[:n, :n])
        return np.asarray((np.asarray(point_world, float) - affine[:n, n]) @ inverse.T)

    def contains_voxel(self, point_vox: ArrayLike) -> bool:
        """Whether a voxel point lies in the image; a voxel reaches half a step around it."""
        point = np.asarray(point_vox, float)
        return bool(((point >= -0.5) & (point <= np.array(self.shape) - 0.5)).all())

    def cells(self, stride: int) -> Grid:
        """Grid of cells of `stride` voxels: cell ``i`` is centred at voxel ``i·s + (s−1)/2``."""
        first = np.full(self.ndim, (stride - 1) / 2)
        return replace(
            self,
            shape=tuple(-(-size // stride) for size in self.shape),
            spacing=tuple(s * stride for s in self.spacing),
            origin=tuple(self.voxel_to_world(first).tolist()),
        )

    def with_shape(self, shape: Sequence[int]) -> Grid:
        """Spread another number of voxels over the same field of view.

        The outer edges of the image stay where they are; the spacing changes.
        """
        new = np.array(shape, float)
        spacing = np.array(self.spacing) * np.array(self.shape) / new
        first_voxel = 0.5 * spacing / np.array(self.spacing) - 0.5
        origin = self.voxel_to_world(first_voxel)
        return replace(
            self,
            shape=tuple(int(s) for s in shape),
            spacing=tuple(spacing.tolist()),
            origin=tuple(origin.tolist()),
        )

    def canonical(self) -> tuple[Grid, tuple[int, ...], tuple[bool, ...]]:
        """Reorder and flip the array axes so that they run as nearly as possible as LPS.

        Returns
        -------
        grid
            The same voxels; array axes run z to superior, y to posterior, x to left.
        order
            ``array.transpose(order)`` is the first step to the canonical array.
        flips
            For each new axis, whether it is then reversed.
        """
        n = self.ndim
        matrix = np.array(self.direction)
        strength = np.abs(matrix[::-1])
        order = max(
            permutations(range(n)),
            key=lambda axes: round(sum(strength[new, old] for new, old in enumerate(axes)), 9),
        )
        flips = tuple(
            bool(matrix[n - 1 - new_axis, old_axis] < 0) for new_axis, old_axis in enumerate(order)
        )
        first_vox = np.zeros(n)
        columns = []
        for old_axis, flip in zip(order, flips, strict=True):
            if flip:
                first_vox[old_axis] = self.shape[old_axis] - 1
            columns.append(-matrix[:, old_axis] if flip else matrix[:, old_axis])
        grid = Grid.create(
            [self.shape[a] for a in order],
            [self.spacing[a] for a in order],
            self.voxel_to_world(first_vox).tolist(),
            np.stack(columns, axis=1),
            self.unit,
        )
        return grid, order, flips

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `from_dict` reads them back."""
        return {
            "shape": list(self.shape),
            "spacing": list(self.spacing),
            "origin": list(self.origin),
            "direction": [list(row) for row in self.direction],
            "unit": self.unit,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Grid:
        """Read back what `to_dict` wrote."""
        return cls.create(
            values["shape"],
            values["spacing"],
            values["origin"],
            values["direction"],
            values["unit"],
        )
