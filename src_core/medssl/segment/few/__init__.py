"""Structures from few labels: strokes or masks teach a head on cached embeddings."""

from __future__ import annotations

from medssl.segment.few.head import LinearHead, fit_head
from medssl.segment.few.strokes import Stroke
from medssl.segment.few.teacher import LabelTeacher

__all__ = ["LabelTeacher", "LinearHead", "Stroke", "fit_head"]
