"""What a person drew: strokes, as classes of cells."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medssl.embed import EmbeddedCase
from medssl.errors import SettingsError

_MOST_VOXELS = 200_000
"""Marked voxels that are looked at; more of them say nothing new."""
_FINEST = 0.5
"""Distance of the points that a stroke is filled up with, in cells."""


@dataclass(frozen=True)
class Stroke:
    """A line that a person drew.

    Parameters
    ----------
    value
        0: background; 1, 2, ...: the structures.
    points_vox
        ``(n, ndim)``: corners of the line in voxels of the image, ``(z, y, x)`` or ``(y, x)``.
    radius_vox
        Half of the brush, in voxels of the image's first axis of the plane.
    """

    value: int
    points_vox: tuple[tuple[float, ...], ...]
    radius_vox: float = 1.0


def cells_of_stroke(stroke: Stroke, case: EmbeddedCase) -> NDArray[np.int64]:
    """Return the cells ``(n,)`` that a stroke touches, as flat indices.

    Raises
    ------
    SettingsError
        If the stroke has no point, points of another dimension, or lies outside of the image.
    """
    points_vox = np.asarray(stroke.points_vox, float)
    grid = case.case.source_grid
    if points_vox.ndim != 2 or points_vox.shape[1] != grid.ndim:
        raise SettingsError(f"{case.case.name}: a stroke needs points of {grid.ndim} numbers each")
    world = grid.voxel_to_world(points_vox)
    corners = case.cell_grid.world_to_voxel(world)
    line = [corners[:1]]
    for begin, end in itertools.pairwise(corners):
        steps = max(1, int(np.ceil(np.abs(end - begin).max() / _FINEST)))
        line.append(begin + (end - begin) * (np.arange(1, steps + 1) / steps)[:, None])
    path = np.concatenate(line)
    radius = stroke.radius_vox * grid.spacing[-1] / case.cell_grid.spacing[-1]
    reach = int(np.floor(radius))
    axes = [np.arange(-reach, reach + 1)] * grid.ndim
    around = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, grid.ndim)
    around = around[(around**2).sum(1) <= max(radius, 0.0) ** 2 + 1e-9]
    found = (np.rint(path).astype(int)[:, None] + around).reshape(-1, grid.ndim)
    inside = ((found >= 0) & (found < np.array(case.cells))).all(1)
    if not inside.any():
        raise SettingsError(f"{case.case.name}: the stroke lies outside of the image")
    flat = np.ravel_multi_index(tuple(found[inside].T), case.cells)
    return np.unique(flat).astype(np.int64)


def cells_of_marks(
    drawn: NDArray[np.integer[Any]], classes: int, case: EmbeddedCase, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the cells ``(n,)`` that marked voxels lie in, and the classes there ``(n, C)``.

    Parameters
    ----------
    drawn
        ``(*source,)``: class of each voxel, -1 where nothing is known.
    classes
        Their number ``C``.
    case
        The image.
    rng
        Draws voxels where very many are marked.
    """
    marked = np.flatnonzero(drawn >= 0)
    if len(marked) > _MOST_VOXELS:
        marked = rng.choice(marked, _MOST_VOXELS, replace=False)
    places = np.stack(np.unravel_index(marked, drawn.shape), -1).astype(float)
    world = case.case.source_grid.voxel_to_world(places)
    found = np.rint(case.cell_grid.world_to_voxel(world)).astype(int)
    found = found.clip(0, np.array(case.cells) - 1)
    flat = np.ravel_multi_index(tuple(found.T), case.cells)
    cells, owner = np.unique(flat, return_inverse=True)
    values = drawn.ravel()[marked].astype(np.int64)
    counts = np.bincount(owner * classes + values, minlength=len(cells) * classes)
    targets = counts.reshape(len(cells), classes).astype(np.float32)
    return cells.astype(np.int64), targets / np.maximum(targets.sum(1, keepdims=True), 1)
