"""What the fresh net learns from: labels, how certain each is, and how much of it is the shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from medssl.objectives.shape_inside import FIELD
from medssl.prepare import Case
from medssl.segment.shape_guided.maps import Floats, ShapeMaps
from medssl.segment.shape_guided.prior import ShapePrior

ISLANDS = 0.01
"""Share of the shape that may lie in pieces which are taken for islands."""
ISLAND_WEIGHT = 0.5
"""Weight of voxels that were an island: most of them are none of the shape."""


def certainty(maps: ShapeMaps) -> Floats:
    """Return how certain the maps are of each voxel, 0 to 1.

    It is the distance of the share from 0.5, and smaller where cluster and prototype disagree.

    Examples
    --------
    >>> certainty(ShapeMaps(np.array([0.0, 0.5, 1.0]), None)).tolist()
    [1.0, 0.0, 1.0]
    >>> certainty(ShapeMaps(np.array([1.0]), np.array([0.25]))).tolist()
    [0.25]
    """
    sure = np.abs(2 * maps.cluster - 1)
    if maps.prototype is None:
        return sure
    return np.asarray(sure * (1 - np.abs(maps.cluster - maps.prototype)), np.float32)


def island_size(prior: ShapePrior) -> int:
    """Return the size from which a piece is no island.

    Smaller ones hold `ISLANDS` of the shape in the prior; but none is as long and as wide as the
    shape is wide.

    Examples
    --------
    >>> mask = np.zeros((40, 40), np.float32)
    >>> mask[0, 0], mask[3, 3:6], mask[6:36, 6:36] = 1, 1, 1
    >>> island_size(ShapePrior((mask,), ("a",)))
    576
    """
    sizes = np.sort(np.concatenate([_pieces(mask > 0.5)[1] for mask in prior.masks]))
    if not sizes.size:
        return 0
    few = int(sizes[np.searchsorted(np.cumsum(sizes), ISLANDS * sizes.sum())])
    return min(few, round(prior.width ** prior.masks[0].ndim))


def without_islands(mask: NDArray[np.bool_], smallest: int) -> NDArray[np.bool_]:
    """Take away pieces of a mask of fewer voxels than `smallest`."""
    labels, sizes = _pieces(mask)
    return np.asarray(np.concatenate(([False], sizes >= smallest))[labels], np.bool_)


def pseudo_label(
    case: Case, maps: ShapeMaps, smallest: int
) -> tuple[NDArray[np.bool_], Floats, NDArray[np.float16]]:
    """Return label, certainty and image of a case.

    Beyond the field of view nothing is the shape, for certain.

    Parameters
    ----------
    case
        Prepared for the shape.
    maps
        What was found in it.
    smallest
        Pieces of fewer voxels are not the shape.
    """
    array = np.array(case.array)
    field = np.asarray(array[FIELD], np.float32) > 0.5
    found = (maps.cluster > 0.5) & field
    label = without_islands(found, smallest)
    sure = np.where(found & ~label, ISLAND_WEIGHT, certainty(maps))
    return label, np.where(field, sure, 1).astype(np.float32), array


def _pieces(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return pieces, touching corners counted, and their sizes."""
    labels, _ = ndimage.label(mask, np.ones((3,) * mask.ndim))
    return labels, np.bincount(labels.ravel())[1:]
