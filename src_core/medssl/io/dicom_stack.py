"""From slices with positions to a volume: order, gaps, gantry tilt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from medssl.errors import FileRefusedError
from medssl.geometry import FloatArray, Grid

#: Slices nearer than this are at the same place.
SAME_PLACE_MM = 0.01
#: Largest gap, in median gaps, over which slices are interpolated.
WIDEST_GAP = 3.5
_LEAST_TILT_DEGREES = 0.1


@dataclass(frozen=True)
class Stack:
    """How slices make a volume.

    Parameters
    ----------
    order
        Indices of the slices, ``(t, z)``.
    grid
        Grid of the volume.
    shifts
        None where the slices lie on the grid. Else for each slice along z its place on the
        grid in voxels, ``(z, y, x)``, and the volume is to be interpolated.
    warnings
        What was found.
    """

    order: NDArray[np.intp]
    grid: Grid
    shifts: FloatArray | None
    warnings: tuple[str, ...]


def arrange(
    path: Path,
    positions: FloatArray,
    orientation: Sequence[float],
    shape: tuple[int, int],
    spacing: tuple[float, float],
) -> Stack:
    """Order slices by their position along the normal and find the volume's grid.

    Parameters
    ----------
    path
        For messages.
    positions
        World position of the first pixel of each slice, ``(n, 3)``, LPS.
    orientation
        DICOM's six numbers: direction of x, direction of y.
    shape, spacing
        Rows and columns; their distance in millimetres, ``(y, x)``.

    Raises
    ------
    FileRefusedError
        If positions repeat unevenly or many slices are missing in one place.
    """
    x_axis, y_axis = (np.array(part, float) for part in (orientation[:3], orientation[3:]))
    x_axis, y_axis = x_axis / np.linalg.norm(x_axis), y_axis / np.linalg.norm(y_axis)
    normal = np.cross(x_axis, y_axis)
    if abs(np.dot(x_axis, y_axis)) > 0.02 or not np.isfinite(normal).all():
        raise FileRefusedError(
            path, "its rows and columns are not at right angles", "Export the series again."
        )
    normal /= np.linalg.norm(normal)
    distance = positions @ normal
    order = _by_place(path, distance)
    places = positions[order[0]]
    along = distance[order[0]]
    gaps = np.diff(along)
    if not len(gaps):
        raise FileRefusedError(path, "all its slices are at one place", "Give single files.")
    count = len(along)
    step = (places[-1] - places[0]) / (count - 1)
    stray = np.linalg.norm(places - places[0] - np.arange(count)[:, None] * step, axis=1).max()
    tilt = _angle(step, normal)
    even = stray <= max(SAME_PLACE_MM, 0.02 * float(np.median(gaps)))
    if even and tilt < _LEAST_TILT_DEGREES:
        gap = float(np.linalg.norm(step))
        direction = np.stack([step / gap, y_axis, x_axis], axis=1)
        grid = Grid.create((count, *shape), (gap, *spacing), places[0].tolist(), direction)
        return Stack(order, grid, None, ())
    return _uneven(path, order, places, along, shape, spacing, (normal, y_axis, x_axis))


def _by_place(path: Path, distance: FloatArray) -> NDArray[np.intp]:
    """Sort into ``(t, z)``: slices at one place become time points, in the order given."""
    ranked = np.argsort(distance, kind="stable")
    starts = np.flatnonzero(np.diff(distance[ranked], prepend=-np.inf) > SAME_PLACE_MM)
    groups = np.split(ranked, starts[1:])
    sizes = {len(group) for group in groups}
    if len(sizes) > 1:
        raise FileRefusedError(
            path,
            f"its {len(distance)} slices lie at {len(groups)} places, not equally many at each",
            "Some slices are missing, or several series share one number: separate them.",
        )
    return np.stack([np.sort(group) for group in groups], axis=1)


def _angle(step: FloatArray, normal: FloatArray) -> float:
    cosine = np.dot(step, normal) / np.linalg.norm(step)
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def _uneven(
    path: Path,
    order: NDArray[np.intp],
    places: FloatArray,
    along: FloatArray,
    shape: tuple[int, int],
    spacing: tuple[float, float],
    axes: tuple[FloatArray, FloatArray, FloatArray],
) -> Stack:
    """Lay an even, right-angled grid over slices that are uneven or tilted."""
    normal, y_axis, x_axis = axes
    gaps = np.diff(along)
    middle = float(np.median(gaps))
    if gaps.max() > WIDEST_GAP * middle:
        at = int(gaps.argmax())
        raise FileRefusedError(
            path,
            f"slices are missing: {gaps[at]:.2f} mm lie between slices {at + 1} and {at + 2}, "
            f"{middle:.2f} mm between most",
            "Complete the series, or give the parts in folders of their own.",
        )
    count = max(2, round(float(along[-1] - along[0]) / middle) + 1)
    gap = float(along[-1] - along[0]) / (count - 1)
    moved = places - places[0] - np.outer(along - along[0], normal)
    offset = np.stack([moved @ y_axis / spacing[0], moved @ x_axis / spacing[1]], axis=1)
    offset[np.abs(offset) < 1e-3] = 0.0
    first = np.floor(offset.min(axis=0))
    grown = np.ceil(offset.max(axis=0) - first).astype(int)
    origin = places[0] + first[0] * spacing[0] * y_axis + first[1] * spacing[1] * x_axis
    grid = Grid.create(
        (count, shape[0] + int(grown[0]), shape[1] + int(grown[1])),
        (gap, *spacing),
        origin.tolist(),
        np.stack([normal, y_axis, x_axis], axis=1),
    )
    shifts = np.column_stack([(along - along[0]) / gap, offset - first])
    return Stack(order, grid, shifts, _say(gaps, offset, gap, count, spacing))


def _say(
    gaps: FloatArray, offset: FloatArray, gap: float, count: int, spacing: tuple[float, float]
) -> tuple[str, ...]:
    warnings = []
    if gaps.max() - gaps.min() > max(2 * SAME_PLACE_MM, 0.02 * float(np.median(gaps))):
        warnings.append(
            f"Its slices are {gaps.min():.2f} to {gaps.max():.2f} mm apart: it was resampled "
            f"to {count} slices every {gap:.2f} mm."
        )
    slide = np.linalg.norm((offset[-1] - offset[0]) * spacing)
    if slide > spacing[0] / 2:
        tilt = np.degrees(np.arctan2(slide, gaps.sum()))
        warnings.append(
            f"The gantry was tilted by {tilt:.1f} degrees: its slices were shifted to a "
            "right-angled grid."
        )
    elif np.ptp(offset, axis=0).max() > 0:
        warnings.append("Its slices do not lie exactly above each other: they were shifted.")
    return tuple(warnings)


def interpolate(slices: NDArray[Any], stack: Stack) -> NDArray[Any]:
    """Interpolate slices ``(z, y, x)`` linearly onto the grid of their uneven stack.

    Where no slice reaches, the smallest value stands. Whole numbers stay whole numbers.
    """
    assert stack.shifts is not None
    fill = float(slices.min())
    shape = stack.grid.shape
    laid = np.full((len(slices), *shape[1:]), fill, np.float32)
    for index, (plane, (_, y, x)) in enumerate(zip(slices, stack.shifts, strict=True)):
        laid[index, : plane.shape[0], : plane.shape[1]] = plane
        if y or x:
            ndimage.shift(laid[index].copy(), (y, x), laid[index], order=1, cval=fill)
    result = np.empty(shape, np.float32)
    heights = stack.shifts[:, 0]
    for z in range(shape[0]):
        above = int(np.clip(np.searchsorted(heights, z), 1, len(heights) - 1))
        part = np.clip((z - heights[above - 1]) / (heights[above] - heights[above - 1]), 0.0, 1.0)
        result[z] = (1 - part) * laid[above - 1] + part * laid[above]
    if np.issubdtype(slices.dtype, np.integer):
        return np.rint(result).astype(slices.dtype)
    return result.astype(slices.dtype)
