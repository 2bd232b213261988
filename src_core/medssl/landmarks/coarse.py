"""Coarse cells and anchors of a cohort's embeddings, for the alignment."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from medssl.correspond.alignment import Alignment, Cells, align, join
from medssl.correspond.cells import MOST_CELLS, anchor_places, pool_cells, read_places
from medssl.embed import EmbeddedCase, EmbeddedCohort
from medssl.landmarks.tally import Tally

_ELEMENTS = 1 << 20
_ALL_ALIKE = 0.99


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
        self._structured: dict[str, bool] = {}

    def units(self, place_cells: NDArray[np.floating]) -> torch.Tensor:
        """Cell coordinates as places in units."""
        stride = self._embedded.embedder.stride
        voxels = np.asarray(place_cells, np.float32) * stride + (stride - 1) / 2
        return torch.from_numpy((voxels / self.unit_voxels).astype(np.float32))

    def cells(self, places: torch.Tensor) -> NDArray[np.float32]:
        """Places in units as cell coordinates."""
        stride = self._embedded.embedder.stride
        return np.asarray((places.numpy() * self.unit_voxels - (stride - 1) / 2) / stride)

    def has_structure(self, case: str) -> bool:
        """Whether the cells of an image differ; those of a constant image are all alike."""
        if case not in self._structured:
            features = self._cells_of(self._embedded.case(case)).features.float()
            self._structured[case] = float(features.mean(0).norm()) < _ALL_ALIKE
        return self._structured[case]

    def align(self, template: str, cases: list[str], tally: Tally | None = None) -> Alignment:
        """Alignment of a template image to the cases, in their order; what is known is reused.

        Each case counts as one piece of work in `tally`.
        """
        tally = tally if tally is not None else Tally()
        rows, known = self._done.get(template, ({}, None))
        missing = [key for key in cases if key not in rows]
        tally.skip(len(cases) - len(missing))
        if missing or known is None:
            known, rows = self._extend(template, known, list(rows), missing, tally)
        return known.select(torch.tensor([rows[key] for key in cases], dtype=torch.long))

    def _extend(
        self,
        template: str,
        known: Alignment | None,
        done: list[str],
        missing: list[str],
        tally: Tally,
    ) -> tuple[Alignment, dict[str, int]]:
        """Align what is missing; when the work is cancelled, what was finished stays."""
        parts = [] if known is None else [known]
        try:
            for batch, part in self._fit(template, missing):
                parts.append(part)
                done += batch
                name = self._embedded.case(template).case.name
                tally.add(len(batch), f"Aligning {name} to the others")
        finally:
            if parts:
                joined = join(parts)
                rows = {key: row for row, key in enumerate(done)}
                self._done[template] = (rows, joined)
        return joined, rows

    def _fit(self, template: str, cases: list[str]) -> Iterator[tuple[list[str], Alignment]]:
        one = self._embedded.case(template)
        places = anchor_places(one.cells, self._anchors)
        descriptors = read_places(_channels_first(one), places)
        anchors = self.units(places.numpy())
        extent = self._cells_of(one).extent
        size = max(1, _ELEMENTS // (len(places) * self._most_cells))
        for start in range(0, len(cases), size):
            batch = cases[start : start + size]
            images = [self._cells_of(self._embedded.case(key)) for key in batch]
            yield batch, align(anchors, descriptors, extent, images, self._iterations)

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
