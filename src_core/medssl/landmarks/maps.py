"""Similarity maps and their peaks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

_SOFTNESS = 0.05
_CENTROID_CELLS = 2
_SEPARATION_CELLS = 4
_BLOCK = 512
NOTHING = -2.0
"""Less than any similarity: cells that do not exist."""


@dataclass(frozen=True)
class Peak:
    """Highest place of a map, in cells; its height; its lead over the next separate peak."""

    place: NDArray[np.float64]
    height: float
    margin: float


def map_similarity(embedding: NDArray[Any], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cosine of each cell of ``(*cells, E)`` to a vector, ``(*cells,)``.

    Half precision is widened block by block, so that the embedding is read once and nothing of
    its size is made.
    """
    cells = embedding.reshape(-1, embedding.shape[-1])
    query = torch.from_numpy(vector)
    values = torch.empty(len(cells))
    part = np.empty((min(_BLOCK, len(cells)), cells.shape[1]), cells.dtype)
    wide = torch.empty(part.shape)
    for start in range(0, len(cells), _BLOCK):
        n = min(_BLOCK, len(cells) - start)
        np.copyto(part[:n], cells[start : start + n])
        wide[:n].copy_(torch.from_numpy(part[:n]))
        torch.mv(wide[:n], query, out=values[start : start + n])
    return np.asarray(values.numpy().reshape(embedding.shape[:-1]))


def find_peak(values: NDArray[np.floating]) -> Peak:
    """Find the maximum of a map ``(*cells,)``, with sub-cell precision.

    The place is the centroid of the values within 2 cells of the maximum, weighted by
    ``exp((value − maximum) / 0.05)``. The margin is the maximum's lead over the highest value
    more than 4 cells away (1 where there is none).
    """
    top = np.array(np.unravel_index(values.argmax(), values.shape))
    height = float(values[tuple(top)])
    near, offsets = _around(values.shape, top, _CENTROID_CELLS)
    weights = np.exp((values[near] - height) / _SOFTNESS).reshape(-1)
    place = top + weights @ offsets.reshape(-1, values.ndim) / weights.sum()
    box, offsets = _around(values.shape, top, _SEPARATION_CELLS)
    rest = values.copy()
    rest[box][(offsets**2).sum(-1) <= _SEPARATION_CELLS**2] = NOTHING
    second = float(rest.max())
    return Peak(place, height, height - second if second > NOTHING else 1.0)


def _around(
    shape: tuple[int, ...], centre: NDArray[np.intp], radius: int
) -> tuple[tuple[slice, ...], NDArray[np.intp]]:
    """Box around a cell as far as the map reaches, and its cells' offsets ``(*box, ndim)``."""
    box, part = [], []
    for size, at in zip(shape, centre.tolist(), strict=True):
        low, high = max(at - radius, 0), min(at + radius + 1, size)
        box.append(slice(low, high))
        part.append(slice(low - at + radius, high - at + radius))
    return tuple(box), _offsets(len(shape), radius)[tuple(part)]


@cache
def _offsets(ndim: int, radius: int) -> NDArray[np.intp]:
    """Offsets of the cells of a whole box ``(*box, ndim)``."""
    axis = np.arange(-radius, radius + 1)
    return np.stack(np.meshgrid(*(axis,) * ndim, indexing="ij"), -1)
