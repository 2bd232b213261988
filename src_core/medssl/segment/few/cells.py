"""Features of cells, read in whole, of a slice, or of some cells only."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from medssl.embed import EmbeddedCase
from medssl.segment.clusters.features import FeatureWeights, cell_features

Floats = NDArray[np.float32]
_HELD_BYTES = 1 << 30


class CellReader:
    """Reads features of cells, and keeps those of the images read last.

    Parameters
    ----------
    weights
        What counts beside the embedding.
    """

    def __init__(self, weights: FeatureWeights) -> None:
        self._weights = weights
        self._held: OrderedDict[str, NDArray[np.float16]] = OrderedDict()

    def read(self, case: EmbeddedCase) -> NDArray[np.float16]:
        """Return the features of all cells ``(*cells, F)``, in half precision."""
        key = case.case.key
        if key not in self._held:
            self._held[key] = cell_features(case, self._weights).astype(np.float16)
            while len(self._held) > 1 and self._bytes() > _HELD_BYTES:
                self._held.popitem(last=False)
        self._held.move_to_end(key)
        return self._held[key]

    def read_slice(self, case: EmbeddedCase, axis: int, index: int) -> NDArray[np.float16]:
        """Return the features of one layer of cells."""
        layer: tuple[slice | int, ...] = (*[slice(None)] * axis, index)
        return self.read(case)[layer]

    def read_cells(self, case: EmbeddedCase, cells: NDArray[np.int64]) -> Floats:
        """Return the features ``(n, F)`` of cells given as flat indices."""
        features = self.read(case)
        return features.reshape(-1, features.shape[-1])[cells].astype(np.float32)

    def _bytes(self) -> int:
        return sum(one.nbytes for one in self._held.values())
