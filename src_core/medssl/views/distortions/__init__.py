"""Distortions that a net learns to undo; one a file, batched, in 2-D and 3-D."""

from medssl.views.distortions.chain import (
    Distortion,
    PictureDistortion,
    VolumeDistortion,
    distort,
)

__all__ = ["Distortion", "PictureDistortion", "VolumeDistortion", "distort"]
