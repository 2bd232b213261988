"""Small windows cut out of many embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_BLUR_CELLS = 0.6
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Windows:
    """Cells around a place, one window an image, all of the same size.

    Parameters
    ----------
    vectors
        ``(B, *box, E)``, float32; zero where the image ends.
    corners
        First cell of each window ``(B, ndim)``; may lie outside of the image.
    inside
        Whether the cell exists ``(B, *box)``.
    """

    vectors: Floats
    corners: NDArray[np.int64]
    inside: NDArray[np.bool_]

    @property
    def places(self) -> Floats:
        """Cell coordinates ``(B, *box, ndim)``."""
        box = self.inside.shape[1:]
        offsets = np.stack(np.meshgrid(*map(np.arange, box), indexing="ij"), -1)
        corners = self.corners.reshape(-1, *(1,) * len(box), len(box))
        return np.asarray(corners + offsets, np.float32)


def cut_windows(
    embeddings: Sequence[NDArray[Any]], centres: NDArray[np.floating], radius: int
) -> Windows:
    """Read the cells within `radius` (a box) around ``centres`` ``(B, ndim)``, in cells.

    Centres outside of their image are moved to its edge.
    """
    ndim = centres.shape[1]
    box = (2 * radius + 1,) * ndim
    sizes = np.array([embedding.shape[:ndim] for embedding in embeddings])
    corners = np.rint(np.clip(centres, 0, sizes - 1)).astype(np.int64) - radius
    vectors = np.zeros((len(embeddings), *box, embeddings[0].shape[-1]), np.float32)
    inside = np.zeros((len(embeddings), *box), bool)
    lows, highs = np.maximum(corners, 0), np.minimum(corners + box, sizes)
    for row, (embedding, corner) in enumerate(zip(embeddings, corners, strict=True)):
        pairs = list(zip(lows[row].tolist(), highs[row].tolist(), corner.tolist(), strict=True))
        source = tuple(slice(low, high) for low, high, _ in pairs)
        target = tuple(slice(low - start, high - start) for low, high, start in pairs)
        vectors[row][target] = embedding[source]
        inside[row][target] = True
    return Windows(vectors, corners, inside)


def sample_windows(windows: Windows, places: Floats) -> Floats:
    """Vectors at one place a window ``(B, ndim)``: mean of the cells around it, unit length."""
    axes = range(1, places.shape[1] + 1)
    at = places.reshape(len(places), *(1 for _ in axes), -1)
    distance2 = ((windows.places - at) ** 2).sum(-1)
    weights = np.where(windows.inside, np.exp(-distance2 / (2 * _BLUR_CELLS**2)), 0)
    flat = windows.vectors.reshape(len(places), -1, windows.vectors.shape[-1])
    vectors = (weights.reshape(len(places), 1, -1).astype(np.float32) @ flat)[:, 0]
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-6), np.float32)
