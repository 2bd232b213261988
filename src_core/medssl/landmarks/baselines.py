"""What any method must beat: the same relative place, and normalised cross-correlation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.fft import irfftn, next_fast_len, rfftn
from scipy.ndimage import uniform_filter

from medssl.geometry import Grid
from medssl.prepare import Case
from medssl.progress import Progress, silent

PATCH_SHARES = (1 / 8, 1 / 4, 3 / 8)
"""Sides of the compared patches, as shares of the template's longest side."""

_FLAT = 1e-3  # standard deviation under which a patch holds nothing to compare (values are 0..1)
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class BaselinePoint:
    """Where a baseline puts a landmark: `point_vox` ``(z, y, x)`` in the image's own voxels."""

    landmark: str
    case_key: str
    point_vox: tuple[float, ...]
    confidence: float | None


def find_by_position(
    template: Case, points: Mapping[str, ArrayLike], queries: Sequence[Case]
) -> list[BaselinePoint]:
    """Put each landmark at the template's relative coordinates.

    Volumes are compared in the patient's orientation, whatever the order of their voxels.

    Parameters
    ----------
    template
        The image with the known points.
    points
        Landmark to its point in the template's own voxels, ``(z, y, x)``.
    queries
        The images to find them in.
    """
    found = []
    frame = _frame(template.source_grid)
    for landmark, point_vox in points.items():
        in_frame = frame.world_to_voxel(template.source_grid.voxel_to_world(point_vox))
        relative = (in_frame + 0.5) / np.array(frame.shape)
        for query in queries:
            other = _frame(query.source_grid)
            world = other.voxel_to_world(relative * np.array(other.shape) - 0.5)
            place = query.source_grid.world_to_voxel(world)
            found.append(BaselinePoint(landmark, query.key, tuple(place.tolist()), None))
    return found


def find_by_ncc(
    template: Case,
    points: Mapping[str, ArrayLike],
    queries: Sequence[Case],
    progress: Progress = silent,
) -> list[BaselinePoint]:
    """Find each landmark where the patches around it correlate best.

    Patches of several sizes around the template's point are slid over the query on the working
    grid; the mean of their normalised cross-correlations is searched for its maximum, whose
    value, brought to 0..1, is the confidence.

    Parameters
    ----------
    template, points, queries
        As for `find_by_position`.
    progress
        Called after each query.

    References
    ----------
    J. P. Lewis, *Fast Normalized Cross-Correlation*, Vision Interface 1995.
    """
    sides = [max(3, round(share * max(template.grid.shape)) | 1) for share in PATCH_SHARES]
    image = _grey(template)
    centres = [np.rint(template.source_to_working(p)).astype(int) for p in points.values()]
    patches = [_patches(image, centres, side) for side in sides]
    found = []
    for done, query in enumerate(queries, 1):
        pixels = _grey(query)
        scores = np.mean([correlate_patches(pixels, stack) for stack in patches], axis=0)
        for landmark, score in zip(points, scores, strict=True):
            peak = np.unravel_index(int(score.argmax()), score.shape)
            place = query.working_to_source(np.array(peak, float))
            confidence = float(np.clip((score[peak] + 1) / 2, 0, 1))
            found.append(BaselinePoint(landmark, query.key, tuple(place.tolist()), confidence))
        progress(done, len(queries), f"comparing patches: {query.name}")
    return found


def correlate_patches(pixels: Floats, patches: Floats) -> Floats:
    """Give the normalised cross-correlation of patches with an image, at every pixel.

    Beyond its edge the image goes on with its outermost values.

    Parameters
    ----------
    pixels
        The image, any number of axes.
    patches
        ``(n, *sides)``, all sides the same odd number.

    Returns
    -------
    ndarray
        ``(n, *pixels.shape)``, -1 to 1; 0 where the image or the patch is flat.
    """
    side = patches.shape[1]
    axes = tuple(range(pixels.ndim))
    padded = np.pad(pixels, side // 2, mode="edge")
    padded = padded - padded.mean()
    inside = tuple(slice(side // 2, side // 2 + n) for n in pixels.shape)
    mean = uniform_filter(padded, side, mode="nearest")[inside]
    square = uniform_filter(padded * padded, side, mode="nearest")[inside]
    spread = np.sqrt(np.maximum(square - mean * mean, 0))
    size = [next_fast_len(n, real=True) for n in padded.shape]
    spectrum = rfftn(padded, size)
    maps: Floats = np.zeros((len(patches), *pixels.shape), np.float32)
    for row, patch in zip(maps, patches, strict=True):
        norm = float(patch.std())
        if norm < _FLAT:
            continue
        product = np.conj(rfftn(patch - patch.mean(), size)) * spectrum
        raw = irfftn(product, size, axes=axes)[tuple(slice(n) for n in pixels.shape)]
        np.divide(raw, norm * patch.size * spread, out=row, where=spread > _FLAT)
    return maps.clip(-1, 1)


def _frame(grid: Grid) -> Grid:
    return grid.canonical()[0] if grid.ndim == 3 else grid


def _grey(case: Case) -> Floats:
    grey: Floats = np.asarray(case.array, np.float32).mean(axis=0)
    return grey


def _patches(image: Floats, centres: Sequence[NDArray[np.int_]], side: int) -> Floats:
    padded = np.pad(image, side // 2, mode="edge")
    cuts = []
    for centre in centres:
        inside = np.clip(centre, 0, np.array(image.shape) - 1)
        cuts.append(padded[tuple(slice(c, c + side) for c in inside)])
    return np.stack(cuts)
