"""What clusters are made of: the embedding of a cell, its place and its brightness."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.stats import rankdata

from medssl.embed import EmbeddedCase
from medssl.embed.clusters import unit_rows

Floats = NDArray[np.float32]


class FeatureWeights(BaseModel):
    """What counts beside the embedding, whose own weight is 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    place: float = Field(
        default=0.3,
        ge=0,
        description="Weight of the relative place in the image; 0 where images have no known way "
        "up.",
    )
    grey: float = Field(
        default=0.3, ge=0, description="Weight of the brightness, as its rank in the image."
    )


def cell_features(case: EmbeddedCase, weights: FeatureWeights) -> Floats:
    """Return the features of all cells of an image: unit vectors ``(*cells, F)``.

    Place and brightness turn half a circle from one end to the other, so that their share of the
    cosine falls smoothly with the distance.
    """
    embedding = np.asarray(case.embedding, np.float32)
    parts = [embedding]
    cells = embedding.shape[:-1]
    if weights.place:
        # Each axis adds its own half circle; together they weigh `place`.
        share = weights.place / math.sqrt(len(cells))
        for axis, count in enumerate(cells):
            shape = [1] * len(cells)
            shape[axis] = count
            parts += _half_circle(((np.arange(count) + 0.5) / count).reshape(shape), share, cells)
    if weights.grey:
        values = pooled(case.case.array, case.stride, cells)
        ranks = (rankdata(values).reshape(cells) - 0.5) / values.size
        parts += _half_circle(ranks, weights.grey, cells)
    return unit_rows(np.concatenate(parts, -1))


def pooled(array: NDArray[Any], stride: int, cells: tuple[int, ...]) -> Floats:
    """Average maps ``(C, *spatial)`` over channels and the voxels of each cell: ``(*cells,)``."""
    values = np.asarray(array, np.float32).mean(0)
    missing = [(0, n * stride - side) for n, side in zip(cells, values.shape, strict=True)]
    values = np.pad(values, missing, mode="edge")
    split = values.reshape([part for n in cells for part in (n, stride)])
    return np.asarray(split.mean(tuple(range(1, 2 * len(cells), 2))), np.float32)


def _half_circle(
    position: NDArray[Any], weight: float, cells: tuple[int, ...]
) -> list[NDArray[np.float32]]:
    """Give positions 0 to 1 as points of half a circle: two maps ``(*cells, 1)``."""
    angle = math.pi * (position - 0.5)
    return [
        np.broadcast_to(weight * part(angle), cells).astype(np.float32)[..., None]
        for part in (np.sin, np.cos)
    ]
