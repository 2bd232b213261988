"""Reading regions from a map: by the clusters of a model, or by prototypes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

TEMPERATURE = 0.2
"""Temperature of the paper's softmax over prototypes."""
_TINY = 1e-30
Floats = NDArray[np.float32]


def image_prototypes(
    embedding: NDArray[Any], assignment: NDArray[Any], inside: NDArray[np.bool_] | None = None
) -> Floats:
    """Return the unit vector of each cluster in one image ``(K, E)``: ``normalise(mean(A_k·v))``.

    Parameters
    ----------
    embedding
        ``(E, *cells)``, unit length.
    assignment
        ``(K, *cells)``: shares of the clusters.
    inside
        ``(*cells,)``: cells that count, a field of view for example; None: all.

    References
    ----------
    H. Chen et al., Unsupervised Local Discrimination for Medical Images, arXiv 2108.09440.
    """
    shares = np.asarray(assignment, np.float32).reshape(len(assignment), -1)
    vectors = np.asarray(embedding, np.float32).reshape(len(embedding), -1)
    if inside is not None:
        shares, vectors = shares[:, inside.ravel()], vectors[:, inside.ravel()]
    shares = shares / np.maximum(shares.sum(1, keepdims=True), _TINY)
    return unit_rows(shares @ vectors.T)


def cohort_prototypes(features: NDArray[np.floating[Any]]) -> Floats:
    """Return the mean direction ``(K, E)`` of the prototypes ``(images, K, E)`` of a cohort."""
    return unit_rows(features.mean(0))


def prototype_map(
    embedding: NDArray[Any], prototypes: Floats, temperature: float = TEMPERATURE
) -> Floats:
    """Return the share of each prototype in each cell ``(K, *cells)``: ``softmax_k(p_k·v / T)``.

    Parameters
    ----------
    embedding
        ``(E, *cells)``, unit length.
    prototypes
        ``(K, E)``, unit length: those of a cohort mean the same in every image.
    temperature
        ``T``.
    """
    vectors = np.asarray(embedding, np.float32)
    scores = np.tensordot(prototypes, vectors, axes=1) / temperature
    powers = np.exp(scores - scores.max(0))
    return np.asarray(powers / powers.sum(0), np.float32)


def unit_rows(vectors: NDArray[np.floating[Any]]) -> Floats:
    """Divide each row by its length; a row of zeros stays."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-6), np.float32)
