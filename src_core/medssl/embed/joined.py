"""A trained model and the training-free descriptor side by side, for landmarks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medssl.embed.embedder import DenseEmbedder
from medssl.embed.instant import InstantEmbedder
from medssl.prepare.settings import PrepareSettings

NET_SHARE = 0.35
"""Share of the trained model in the similarity of joined embeddings."""


class JoinedEmbedder:
    """Embeddings of a trained model and of `instant`, joined.

    A trained model knows what corresponds between patients, the descriptor where exactly an edge
    lies; the cosine of joined vectors is the weighted mean of their cosines.

    Parameters
    ----------
    trained
        The model; its cells are those of the descriptor.
    """

    def __init__(self, trained: DenseEmbedder) -> None:
        self._trained = trained
        self._instant = InstantEmbedder(3 if trained.ndim == 3 else 2, trained.settings)
        self.name = trained.name
        self.ndim = trained.ndim
        self.stride = trained.stride
        self.channels = trained.channels + self._instant.channels

    @property
    def settings(self) -> PrepareSettings:
        """How images must be prepared."""
        return self._trained.settings

    @property
    def fingerprint(self) -> str:
        """Changes whenever the embeddings would."""
        return f"{NET_SHARE}-{self._trained.fingerprint}-{self._instant.fingerprint}"

    def embed(self, array: NDArray[Any]) -> NDArray[np.float16]:
        """Embed prepared values ``(C, *spatial)``: ``(E, *ceil(spatial / stride))``."""
        parts = [
            math.sqrt(NET_SHARE) * self._trained.embed(array).astype(np.float32),
            math.sqrt(1 - NET_SHARE) * self._instant.embed(array).astype(np.float32),
        ]
        return np.concatenate(parts).astype(np.float16)
