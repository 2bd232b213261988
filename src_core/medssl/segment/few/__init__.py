"""Structures from few labels: strokes or masks teach a head on cached embeddings."""

from __future__ import annotations

from medssl.segment.few.anchors import AnchorHead
from medssl.segment.few.head import LinearHead, fit_head
from medssl.segment.few.strokes import Stroke
from medssl.segment.few.teacher import PLACE, LabelTeacher

__all__ = ["PLACE", "AnchorHead", "LabelTeacher", "LinearHead", "Stroke", "fit_head"]
