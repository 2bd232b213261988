"""Maps that belong to an image (masks, probabilities) between its own grid and the working grid."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medssl.geometry import Grid
from medssl.prepare.orientation import to_canonical
from medssl.prepare.resampling import resample


def to_working(maps: NDArray[Any], source: Grid, working: Grid) -> NDArray[np.float32]:
    """Bring maps from an image's own grid to its working grid, as its grey values were.

    Parameters
    ----------
    maps
        ``(S, *source.shape)``; of a mask each working voxel gets the share that it covers.
    source, working
        The two grids of a prepared case.

    Returns
    -------
    numpy.ndarray
        ``(S, *working.shape)``.
    """
    last = np.moveaxis(maps, 0, -1)
    turned, grid = to_canonical(last, source) if source.ndim == 3 else (last, source)
    return np.moveaxis(resample(turned, grid, working, _as_floats), -1, 0)


def to_source(maps: NDArray[Any], working: Grid, source: Grid) -> NDArray[np.float32]:
    """Bring maps ``(S, *working.shape)`` back to the image's own grid: ``(S, *source.shape)``."""
    last = np.moveaxis(maps, 0, -1)
    if source.ndim == 2:
        return np.moveaxis(resample(last, working, source, _as_floats), -1, 0)
    turned, order, flips = source.canonical()
    sampled = resample(last, working, turned, _as_floats)
    steps = tuple(slice(None, None, -1) if flip else slice(None) for flip in flips)
    back = [int(axis) for axis in np.argsort(order)]
    return np.moveaxis(sampled[steps].transpose(*back, source.ndim), -1, 0)


def _as_floats(raw: NDArray[Any]) -> NDArray[np.float32]:
    return raw.astype(np.float32)
