"""Small windows cut out of many embeddings, and the peaks of their similarity, all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SOFTNESS = 0.05
_CENTROID_CELLS = 2.0
_SEPARATION_CELLS = 4.0
_NOTHING = -2.0
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Windows:
    """Cells around a place, one window an image.

    Parameters
    ----------
    vectors
        ``(B, n, E)``, float32; zero where the image ends.
    places
        Cell coordinates ``(B, n, ndim)``.
    inside
        Whether the cell exists ``(B, n)``.
    """

    vectors: Floats
    places: Floats
    inside: NDArray[np.bool_]


@dataclass(frozen=True)
class Peaks:
    """Highest places of several maps: ``(B, ndim)`` in cells, heights ``(B,)``, leads ``(B,)``."""

    places: Floats
    heights: Floats
    margins: Floats


def cut_windows(
    embeddings: Sequence[NDArray[Any]], centres: NDArray[np.floating], radius: int
) -> Windows:
    """Read the cells within `radius` (a box) around ``centres`` ``(B, ndim)``, in cells."""
    ndim = centres.shape[1]
    steps = np.arange(-radius, radius + 1)
    width = len(steps)
    channels = embeddings[0].shape[-1]
    vectors = np.zeros((len(embeddings), *(width,) * ndim, channels), np.float32)
    inside = np.zeros((len(embeddings), *(width,) * ndim), bool)
    corners = np.rint(centres).astype(int) - radius
    for row, (embedding, corner) in enumerate(zip(embeddings, corners, strict=True)):
        source: list[slice] = []
        target: list[slice] = []
        for start, size in zip(corner, embedding.shape[:ndim], strict=True):
            low, high = max(0, int(start)), min(size, int(start) + width)
            source.append(slice(low, max(low, high)))
            target.append(slice(low - int(start), max(low, high) - int(start)))
        vectors[row][tuple(target)] = embedding[tuple(source)]
        inside[row][tuple(target)] = True
    offsets = np.stack(np.meshgrid(*(np.arange(width),) * ndim, indexing="ij"), -1)
    places = corners[:, None] + offsets.reshape(1, -1, ndim)
    return Windows(
        vectors.reshape(len(embeddings), -1, channels),
        places.astype(np.float32),
        inside.reshape(len(embeddings), -1),
    )


def find_peaks(values: Floats, windows: Windows) -> Peaks:
    """Find the maxima of maps ``(B, n)`` over windows, with sub-cell precision.

    A place is the centroid of the values within 2 cells of the maximum, weighted by
    ``exp((value − maximum) / 0.05)``. The margin is the maximum's lead over the highest value
    more than 4 cells away (1 where there is none).
    """
    values = np.where(windows.inside, values, _NOTHING)
    top = values.argmax(1)
    rows = np.arange(len(values))
    heights = values[rows, top]
    offsets = windows.places - windows.places[rows, top][:, None]
    near = (np.abs(offsets) <= _CENTROID_CELLS).all(-1) & windows.inside
    weights = np.where(near, np.exp((values - heights[:, None]) / _SOFTNESS), 0)
    places = (weights[..., None] * windows.places).sum(1) / weights.sum(1)[:, None]
    far = ((offsets**2).sum(-1) > _SEPARATION_CELLS**2) & windows.inside
    second = np.where(far, values, _NOTHING).max(1)
    margins = np.where(far.any(1), heights - second, 1.0)
    return Peaks(places.astype(np.float32), heights, margins.astype(np.float32))


def sample_windows(windows: Windows, places: Floats) -> Floats:
    """Vectors at one place a window ``(B, ndim)``: mean of the cells around it, unit length."""
    distance2 = ((windows.places - places[:, None]) ** 2).sum(-1)
    weights = np.where(windows.inside, np.exp(-distance2 / (2 * 0.6**2)), 0)
    vectors = np.einsum("bn,bne->be", weights.astype(np.float32), windows.vectors)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-6), np.float32)
