"""A clicked point and what its place looks like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Template:
    """One example of a landmark.

    Parameters
    ----------
    landmark
        Name of the landmark.
    case_key
        Image it was clicked in.
    point_vox
        The click ``(z, y, x)`` in the image's own voxels.
    place
        The same in cells of the embedding, ``(z, y, x)``.
    descriptor
        Unit vector ``(E,)``, float32: the support embedding of spec and paper.
    """

    landmark: str
    case_key: str
    point_vox: tuple[float, ...]
    place: tuple[float, ...]
    descriptor: NDArray[np.float32]


def describe(embedding: NDArray[Any], place: NDArray[np.float64]) -> NDArray[np.float32]:
    """Interpolate an embedding ``(*cells, E)`` between cells, and normalise.

    Places outside of the cells take the nearest edge.
    """
    ndim = embedding.ndim - 1
    limits = np.array(embedding.shape[:ndim]) - 1
    place = np.clip(place, 0, limits)
    low = np.minimum(np.floor(place).astype(int), np.maximum(limits - 1, 0))
    share = place - low
    value = np.zeros(embedding.shape[-1], np.float32)
    for corner in np.ndindex(*(2,) * ndim):
        weight = float(np.prod(np.where(corner, share, 1 - share)))
        index = tuple(np.minimum(low + corner, limits))
        value += weight * np.asarray(embedding[index], np.float32)
    return value / max(float(np.linalg.norm(value)), 1e-6)
