"""What the head sees of an image: principal components of its embedding, on coarse cells."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from medssl.embed import EmbeddedCase, EmbeddedCohort
from medssl.progress import Progress, silent

_SAMPLED_IMAGES = 200
_SAMPLED_CELLS = 200
_MOST_KEPT = 1000
CELLS_3D = 4
"""A volume has so many times the cells of a picture."""


class Features:
    """Coarse features of the images of a cohort, made when they are asked for, and kept.

    A place is in coarse cells: cell ``i`` along an axis is centred at working voxel
    ``i * stride + (stride - 1) / 2``.

    Parameters
    ----------
    embedded
        The cohort.
    channels
        Number of principal components.
    cells
        Embeddings are pooled to at most about so many cells; volumes to four times as many.
    progress
        Called while the components are worked out.
    """

    def __init__(
        self,
        embedded: EmbeddedCohort,
        channels: int,
        cells: int,
        progress: Progress = silent,
    ) -> None:
        self._embedded = embedded
        self.ndim = embedded.embedder.ndim
        most = cells * (CELLS_3D if self.ndim == 3 else 1)
        sizes = [math.prod(one.cells) for one in embedded.cases]
        typical = float(np.median(sizes))
        self._pool = max(1, math.ceil((typical / most) ** (1 / self.ndim) - 0.05))
        self.stride = embedded.embedder.stride * self._pool
        self._mean, self._axes = _components(embedded.cases, channels, progress)
        self.channels = self._axes.shape[1]
        self._kept: dict[str, Tensor] = {}

    def of(self, key: str) -> Tensor:
        """Features of an image ``(C, *coarse cells)``, half precision."""
        if key not in self._kept:
            one = self._embedded.case(key)
            cells = np.asarray(one.embedding, np.float32)
            values = torch.from_numpy((cells - self._mean) @ self._axes).movedim(-1, 0)
            pool = F.avg_pool2d if self.ndim == 2 else F.avg_pool3d
            pooled = pool(values[None], self._pool, ceil_mode=True, count_include_pad=False)[0]
            if len(self._kept) >= _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = pooled.half()
        return self._kept[key]

    def to_cells(self, key: str, point_vox: Sequence[float]) -> NDArray[np.float64]:
        """Give a point in the image's own voxels as a place in coarse cells."""
        working = self._embedded.case(key).case.source_to_working(np.asarray(point_vox, float))
        return np.asarray((working - (self.stride - 1) / 2) / self.stride)

    def to_source(self, key: str, place: NDArray[np.floating]) -> NDArray[np.float64]:
        """Give a place in coarse cells as a point in the image's own voxels, inside of it."""
        case = self._embedded.case(key).case
        point = case.working_to_source(np.asarray(place) * self.stride + (self.stride - 1) / 2)
        return np.asarray(np.clip(point, 0, np.array(case.source_grid.shape) - 1.0))


def _components(
    cases: Sequence[EmbeddedCase], channels: int, progress: Progress
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and first principal axes ``(E, C)`` of the embeddings, scaled to unit variance."""
    rows = np.unique(np.linspace(0, len(cases) - 1, min(len(cases), _SAMPLED_IMAGES)).astype(int))
    sample = []
    for done, row in enumerate(rows.tolist(), 1):
        cells = cases[row].embedding.reshape(-1, cases[row].embedding.shape[-1])
        step = max(1, len(cells) // _SAMPLED_CELLS)
        sample.append(np.asarray(cells[step // 2 :: step], np.float64))
        progress(done, len(rows), "Looking at what images have in common")
    vectors = np.concatenate(sample)
    mean = vectors.mean(0)
    values, axes = np.linalg.eigh(np.cov((vectors - mean).T))
    order = values.argsort()[::-1][:channels]
    # Variance falls steeply along the axes; its root keeps the first from drowning the others.
    scale = np.maximum(values[order], 1e-9) ** -0.5
    return mean.astype(np.float32), (axes[:, order] * scale).astype(np.float32)
