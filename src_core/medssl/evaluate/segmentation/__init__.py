"""The standard evaluation of segmentations: few images are known, all others are scored."""

from __future__ import annotations

from medssl.evaluate.segmentation.request import SegmentationRequest, make_request
from medssl.evaluate.segmentation.run import evaluate_segmentation

__all__ = ["SegmentationRequest", "evaluate_segmentation", "make_request"]
