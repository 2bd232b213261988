"""Coarse cells and anchors of a cohort's embeddings, for the alignment."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from medssl.correspond.alignment import Alignment, Cells, align, join
from medssl.correspond.cells import MOST_CELLS, anchor_places, pool_cells, read_places
from medssl.embed import EmbeddedCase, EmbeddedCohort
from medssl.progress import Progress, silent

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
        self, embedded: EmbeddedCohort, anchors: int, iterations: int, most_cells: int = MOST_CELLS
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
        places = anchor_places(one.cells, self._anchors)
        descriptors = read_places(_channels_first(one), places)
        anchors = self.units(places.numpy())
        extent = self._cells_of(one).extent
        parts = []
        for start in range(0, len(cases), _BATCH):
            batch = cases[start : start + _BATCH]
            images = [self._cells_of(self._embedded.case(key)) for key in batch]
            parts.append(align(anchors, descriptors, extent, images, self._iterations))
            progress(start + len(batch), len(cases), f"Aligning {one.case.name} to the others")
        return parts

    def _cells_of(self, one: EmbeddedCase) -> Cells:
        key = one.case.key
        if key not in self._coarse:
            self._coarse[key] = self._pool(one)
        return self._coarse[key]

    def _pool(self, one: EmbeddedCase) -> Cells:
        return pool_cells(
            _channels_first(one),
            one.case.grid.shape,
            one.stride,
            self.unit_voxels,
            self._most_cells,
        )


def _channels_first(one: EmbeddedCase) -> torch.Tensor:
    return torch.from_numpy(np.asarray(one.embedding, np.float32)).movedim(-1, 0)
