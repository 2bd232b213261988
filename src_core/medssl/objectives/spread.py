"""How far embeddings are spread over the sphere: the sign of a collapse."""

from __future__ import annotations

from torch import Tensor

COLLAPSED_BELOW = 0.1
"""A spread below this means that nearly all embeddings point the same way."""


def embedding_spread(vectors: Tensor) -> Tensor:
    """Return the spread of unit vectors ``(N, E)``: 0 when all are equal, 1 when isotropic.

    It is the root of the mean variance a channel, times √E.
    """
    deviation = vectors - vectors.mean(0, keepdim=True)
    return deviation.square().sum(1).mean().sqrt()
