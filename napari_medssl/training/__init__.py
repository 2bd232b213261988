"""Pretraining as the window sees it: what is chosen, what runs, what a run tells."""

from __future__ import annotations

from napari_medssl.training.training import Training

__all__ = ["Training"]
