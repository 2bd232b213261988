"""The training-free descriptor as an embedder: a click works before anything is trained."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from medssl.correspond.descriptor import STRIDE, describe_image, descriptor_length
from medssl.prepare.settings import PrepareSettings

INSTANT_VERSION = 2
"""Raised whenever the descriptors of the same image change."""


class InstantEmbedder:
    """Dense descriptor without training, with the interface of a trained model.

    Parameters
    ----------
    ndim
        2 for pictures, 3 for volumes.
    settings
        Working grid; by default 256 pixels along the longest side, or the cohort's own voxels.
    """

    name = "instant"

    def __init__(self, ndim: Literal[2, 3] = 2, settings: PrepareSettings | None = None) -> None:
        self.ndim = ndim
        self.settings = settings if settings is not None else PrepareSettings(ndim=ndim)
        self.stride = STRIDE[ndim]
        self.channels = descriptor_length(ndim)

    @property
    def fingerprint(self) -> str:
        """Changes whenever the descriptors would."""
        return f"instant-{INSTANT_VERSION}-{self.ndim}d-{self.settings.digest}"

    def embed(self, array: NDArray[Any]) -> NDArray[np.float16]:
        """Describe prepared values ``(C, *spatial)``: ``(E, *ceil(spatial / stride))``."""
        return describe_image(array).numpy().astype(np.float16)
