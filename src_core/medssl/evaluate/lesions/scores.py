"""How well a map shows a lesion: pointing, overlap, boxes, false positives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from medssl.geometry import Grid
from medssl.lesions.regions import OTSU, Region, RegionSettings, find_regions, threshold_of

THRESHOLDS = np.linspace(0.02, 0.98, 49)
"""Shares of a map's highest value that are tried."""
Box = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class MapScore:
    """How a map fits a mask, before a threshold is chosen.

    Parameters
    ----------
    pointing
        Whether the highest value lies in the mask.
    overlaps
        Intersection over union at each of `THRESHOLDS`.
    otsu
        The same at Otsu's threshold.
    """

    pointing: bool
    overlaps: NDArray[np.float64]
    otsu: float


def score_map(values: NDArray[Any], mask: NDArray[np.bool_]) -> MapScore:
    """Score a map against a mask that is not empty, on the same grid.

    Examples
    --------
    >>> values = np.array([[0.1, 0.9, 0.8]])
    >>> score_map(values, np.array([[False, True, True]])).pointing
    True
    """
    pointing = bool(mask.flat[int(values.argmax())])
    inside, everywhere = np.sort(values[mask]), np.sort(values, axis=None)
    cuts = THRESHOLDS * float(values.max())
    hit = len(inside) - np.searchsorted(inside, cuts)
    above = len(everywhere) - np.searchsorted(everywhere, cuts)
    overlaps = hit / (len(inside) + above - hit)
    cut = values >= threshold_of(values, OTSU)
    otsu = float((cut & mask).sum() / (cut | mask).sum())
    return MapScore(pointing, np.asarray(overlaps, np.float64), otsu)


def best_threshold(overlaps: NDArray[np.float64]) -> int:
    """Return which of `THRESHOLDS` has the highest mean overlap over images ``(N, T)``."""
    return int(overlaps.mean(0).argmax())


@dataclass(frozen=True)
class RegionScore:
    """How the regions of a map fit a mask.

    Parameters
    ----------
    box
        Highest intersection over union of the first region's box with that of a connected part of
        the mask; 0 where there is no region, None where there is no mask.
    false_positives
        Regions that touch no part of the mask.
    """

    box: float | None
    false_positives: int


def score_regions(
    values: NDArray[Any], mask: NDArray[np.bool_] | None, grid: Grid, threshold: float
) -> RegionScore:
    """Cut a map at a share of its highest value, and compare the regions with a mask.

    The box is that of the first region whatever the image's probability; as false positives count
    only regions of images whose probability (the map's highest value) is at least one half, which
    are those that a person is told.
    """
    shown = RegionSettings(threshold=threshold, smoothing=0, least_probability=0)
    labels, regions = find_regions(values, grid, shown)
    told = regions if float(values.max()) >= RegionSettings().least_probability else []
    touching = set() if mask is None else set(np.unique(labels[mask]).tolist())
    wrong = sum(region.value not in touching for region in told)
    return RegionScore(None if mask is None else _best_box(regions, mask), wrong)


def _best_box(regions: list[Region], mask: NDArray[np.bool_]) -> float:
    if not regions:
        return 0.0
    parts, _ = ndimage.label(mask, np.ones((3,) * mask.ndim))
    boxes = [
        tuple((s.start, s.stop - 1) for s in box) for box in ndimage.find_objects(parts) if box
    ]
    return max(box_overlap(regions[0].box, box) for box in boxes)


def box_overlap(first: Box, second: Box) -> float:
    """Intersection over union of two boxes, given by first and last voxel along each axis.

    Examples
    --------
    >>> box_overlap(((0, 9), (0, 9)), ((0, 9), (5, 9)))
    0.5
    """
    both = one = other = 1
    for (a, b), (c, d) in zip(first, second, strict=True):
        both *= max(0, min(b, d) - max(a, c) + 1)
        one *= b - a + 1
        other *= d - c + 1
    return both / (one + other - both)
