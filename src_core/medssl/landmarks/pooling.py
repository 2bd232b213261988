"""Center-sensitive embeddings: a Gaussian window over the dense embedding (LD, section 5)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d


def pool_window(embedding: NDArray[Any], side_cells: float) -> NDArray[np.float32]:
    """Pool ``(*cells, E)`` with a Gaussian window and normalise each vector.

    The window spans `side_cells`; its standard deviation is a quarter of that, so that the
    centre speaks loudest (H. Chen et al., arXiv 2108.09440, center-sensitive averaging pooling).
    """
    pooled = np.asarray(embedding, np.float32)
    sigma = side_cells / 4
    if sigma > 0.1:
        for axis in range(embedding.ndim - 1):
            pooled = gaussian_filter1d(pooled, sigma, axis=axis, mode="nearest", truncate=2.0)
    length = np.linalg.norm(pooled, axis=-1, keepdims=True)
    return np.asarray(pooled / np.maximum(length, 1e-6), np.float32)
