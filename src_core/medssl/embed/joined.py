"""A trained model and the training-free descriptor side by side, for landmarks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medssl.embed.embedder import DenseEmbedder
from medssl.embed.instant import InstantEmbedder
from medssl.prepare.settings import PrepareSettings

_MOST_SHARE = 0.5
_HALF_LEARNT = 3600


def net_share(images_seen: int | None) -> float:
    """Share of a model in the similarity of joined embeddings: the longer trained, the more.

    Half of the most that it can have is reached with 3,600 images seen (300 steps of twelve).

    Parameters
    ----------
    images_seen
        Images that all steps of the training drew; None where that is not known.

    Examples
    --------
    >>> round(net_share(200), 2), round(net_share(8400), 2)
    (0.03, 0.35)
    """
    if images_seen is None:
        return _MOST_SHARE / 2
    return _MOST_SHARE * images_seen / (images_seen + _HALF_LEARNT)


class JoinedEmbedder:
    """Embeddings of a trained model and of `instant`, joined.

    A trained model knows what corresponds between patients, the descriptor where exactly an edge
    lies; the cosine of joined vectors is the weighted mean of their cosines.

    Parameters
    ----------
    trained
        The model; its cells are those of the descriptor.
    share
        Share of the model in the similarity, 0 to 1.
    """

    def __init__(self, trained: DenseEmbedder, share: float) -> None:
        self._trained = trained
        self._share = share
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
        return f"{self._share:.4f}-{self._trained.fingerprint}-{self._instant.fingerprint}"

    def embed(self, array: NDArray[Any]) -> NDArray[np.float16]:
        """Embed prepared values ``(C, *spatial)``: ``(E, *ceil(spatial / stride))``."""
        parts = [
            math.sqrt(self._share) * self._trained.embed(array).astype(np.float32),
            math.sqrt(1 - self._share) * self._instant.embed(array).astype(np.float32),
        ]
        return np.concatenate(parts).astype(np.float16)
