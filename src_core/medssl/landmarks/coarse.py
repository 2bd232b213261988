"""Coarse cells and anchors of a cohort's embeddings, for the alignment."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from medssl.embed import EmbeddedCase, EmbeddedCohort
from medssl.landmarks.alignment import Alignment, Cells, align, join
from medssl.landmarks.templates import describe
from medssl.progress import Progress, silent

_MOST_CELLS = 1200
_BATCH = 8


class CohortAligner:
    """Aligns template images to the images of an embedded cohort, each pair once.

    Parameters
    ----------
    embedded
        The cohort.
    anchors
        About how many points of a template image are matched.
    iterations
        Rounds of the alignment.
    most_cells
        Embeddings are pooled to at most about so many cells.
    """

    def __init__(
        self, embedded: EmbeddedCohort, anchors: int, iterations: int, most_cells: int = _MOST_CELLS
    ) -> None:
        self._embedded = embedded
        self._anchors = anchors
        self._iterations = iterations
        self._most_cells = most_cells
        sides = [max(one.case.grid.shape) for one in embedded.cases]
        self.unit_voxels = float(np.median(sides)) if sides else 1.0
        self._coarse: dict[str, Cells] = {}
        self._done: dict[str, tuple[dict[str, int], Alignment]] = {}

    def units(self, place_cells: NDArray[np.floating]) -> torch.Tensor:
        """Cell coordinates as places in units."""
        stride = self._embedded.embedder.stride
        voxels = np.asarray(place_cells, np.float32) * stride + (stride - 1) / 2
        return torch.from_numpy((voxels / self.unit_voxels).astype(np.float32))

    def cells(self, places: torch.Tensor) -> NDArray[np.float32]:
        """Places in units as cell coordinates."""
        stride = self._embedded.embedder.stride
        return np.asarray((places.numpy() * self.unit_voxels - (stride - 1) / 2) / stride)

    def align(self, template: str, cases: list[str], progress: Progress = silent) -> Alignment:
        """Alignment of a template image to the cases, in their order; what is known is reused."""
        rows, known = self._done.get(template, ({}, None))
        missing = [key for key in cases if key not in rows]
        if missing or known is None:
            parts = [] if known is None else [known]
            parts += self._fit(template, missing, progress)
            known = join(parts)
            rows = rows | {key: len(rows) + i for i, key in enumerate(missing)}
            self._done[template] = (rows, known)
        return known.select(torch.tensor([rows[key] for key in cases]))

    def _fit(self, template: str, cases: list[str], progress: Progress) -> list[Alignment]:
        one = self._embedded.case(template)
        places = _anchor_places(one, self._anchors)
        embedding = one.embedding
        descriptors = np.stack([describe(embedding, place) for place in places])
        anchors = self.units(places)
        extent = self._cells_of(one).extent
        parts = []
        for start in range(0, len(cases), _BATCH):
            batch = cases[start : start + _BATCH]
            images = [self._cells_of(self._embedded.case(key)) for key in batch]
            parts.append(
                align(anchors, torch.from_numpy(descriptors), extent, images, self._iterations)
            )
            progress(start + len(batch), len(cases), f"Aligning {one.case.name} to the others")
        return parts

    def _cells_of(self, one: EmbeddedCase) -> Cells:
        key = one.case.key
        if key not in self._coarse:
            self._coarse[key] = self._pool(one)
        return self._coarse[key]

    def _pool(self, one: EmbeddedCase) -> Cells:
        embedding = torch.from_numpy(np.asarray(one.embedding, np.float32))
        ndim = embedding.ndim - 1
        step = max(1, math.ceil((math.prod(one.cells) / self._most_cells) ** (1 / ndim) - 0.05))
        pool = F.avg_pool2d if ndim == 2 else F.avg_pool3d
        pooled = pool(
            embedding.movedim(-1, 0)[None], step, ceil_mode=True, count_include_pad=False
        )[0]
        vectors = F.normalize(pooled.flatten(1).T, dim=1)
        axes = [np.arange(n) * step + (step - 1) / 2 for n in pooled.shape[1:]]
        places = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, ndim)
        extent = torch.tensor(one.case.grid.shape, dtype=torch.float32) / self.unit_voxels
        return Cells(vectors.half(), self.units(places), extent)


def _anchor_places(one: EmbeddedCase, wanted: int) -> NDArray[np.float64]:
    """Lay an even grid of about `wanted` places over the image, in cells ``(A, ndim)``."""
    shape = np.array(one.cells, float)
    step = (np.prod(shape) / wanted) ** (1 / len(shape))
    counts = np.maximum(2, np.rint(shape / step)).astype(int)
    axes = [
        np.linspace(0.02 * n, 0.98 * n - 1, count) if n > 1 else np.zeros(1)
        for n, count in zip(shape, counts, strict=True)
    ]
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(shape))
