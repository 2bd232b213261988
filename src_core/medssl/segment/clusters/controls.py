"""What clusters must beat: grey values alone, grouped or cut by Otsu's threshold."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from medssl.prepare.settings import PrepareSettings

INTENSITY, OTSU = "intensity", "otsu"
"""Names of the controls, where a model is asked for."""


class GreyEmbedder:
    """Grey values as embeddings, a cell a working voxel.

    Parameters
    ----------
    name
        ``"intensity"``: a point of half a circle, so that k-means groups by brightness;
        ``"otsu"``: one of two vectors, for the darker and the brighter side of Otsu's threshold.
    ndim
        2 for pictures, 3 for volumes.
    """

    stride = 1
    channels = 2

    def __init__(self, name: Literal["intensity", "otsu"], ndim: Literal[2, 3]) -> None:
        self.name = name
        self.ndim = ndim
        self.settings = PrepareSettings(ndim=ndim)

    @property
    def fingerprint(self) -> str:
        """Changes whenever the embeddings would."""
        return f"grey-1-{self.name}-{self.ndim}d-{self.settings.digest}"

    def embed(self, array: NDArray[Any]) -> NDArray[np.float16]:
        """Describe prepared values ``(C, *spatial)``: ``(2, *spatial)``."""
        from skimage.filters import threshold_otsu  # slow to import, and rarely wanted

        grey = np.asarray(array, np.float32).mean(0)
        if self.name == OTSU:
            bright = grey > (threshold_otsu(grey) if np.ptp(grey) > 0 else np.inf)
            return np.stack([~bright, bright]).astype(np.float16)
        angle = math.pi * (grey - 0.5)
        return np.stack([np.sin(angle), np.cos(angle)]).astype(np.float16)
