"""Embeddings as colours that keep their meaning while the net learns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BASIS_NAME = "basis.npy"
_MOST_CELLS = 20_000
_REACH = 98.0
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Colours:
    """Three directions in embedding space, shown as red, green and blue.

    Parameters
    ----------
    basis
        ``(3, E)``, rows of unit length and orthogonal: they span the first three principal
        components.
    middle
        ``(E,)``: what is shown as grey.
    reach
        ``(3,)``: distance from the middle along each direction that saturates its colour.
    """

    basis: Floats
    middle: Floats
    reach: Floats

    @classmethod
    def fit(cls, embedding: NDArray[Any], before: Floats | None = None) -> Colours:
        """Find the colours of an embedding ``(E, *cells)``.

        Principal components have no sign, and change places when their variances cross. They are
        therefore turned, within the space that they span, to lie as near as possible to the
        directions `before` (orthogonal Procrustes problem), so that structures keep their
        colours from one preview to the next.
        """
        cells = embedding.reshape(len(embedding), -1)
        cells = cells[:, :: max(1, cells.shape[1] // _MOST_CELLS)].astype(np.float64).T
        middle = cells.mean(0)
        _, axes = np.linalg.eigh(np.cov(cells - middle, rowvar=False))
        basis = _three(axes[:, ::-1].T)
        if before is not None and before.shape == basis.shape:
            left, _, right = np.linalg.svd(before @ basis.T)
            basis = left @ right @ basis
        else:
            strongest = np.abs(basis).argmax(1)
            basis = basis * np.sign(basis[np.arange(3), strongest])[:, None]
        reach = np.percentile(np.abs((cells - middle) @ basis.T), _REACH, axis=0)
        return cls(basis, middle, np.maximum(reach, 1e-6))

    def paint(self, embedding: NDArray[Any]) -> NDArray[np.uint8]:
        """Colour an embedding ``(E, *cells)``: ``(*cells, 3)``."""
        offset = np.asarray(self.basis @ self.middle, np.float32)
        basis = np.asarray(self.basis, np.float32)
        values = np.tensordot(embedding.astype(np.float32), basis, axes=(0, 1)) - offset
        colours = 127.5 * (1 + np.clip(values / self.reach.astype(np.float32), -1, 1))
        return np.rint(colours).astype(np.uint8)

    def save(self, folder: Path) -> None:
        """Keep the directions for the next preview, of this process or one that resumes."""
        partial = folder / f".{BASIS_NAME}.part"
        with partial.open("wb") as file:
            np.save(file, self.basis)
        partial.replace(folder / BASIS_NAME)

    @staticmethod
    def load(folder: Path) -> Floats | None:
        """Read the directions of the last preview, if there was one."""
        try:
            basis = np.load(folder / BASIS_NAME, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        usable = basis.ndim == 2 and len(basis) == 3 and np.isfinite(basis).all()
        return np.asarray(basis, np.float64) if usable else None


def _three(axes: Floats) -> Floats:
    """Return the first three rows; embeddings of two channels get a row of zeros more."""
    return np.vstack([axes, np.zeros((3, axes.shape[1]))])[:3]
