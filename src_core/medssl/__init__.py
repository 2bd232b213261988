"""Torch core of napari-medssl: medical images, self-supervised pretraining, landmarks."""

from __future__ import annotations

__version__ = "0.1.0"
