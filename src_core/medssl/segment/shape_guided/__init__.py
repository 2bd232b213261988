"""Structures from their shape alone: unlabelled images, and masks that belong to none of them."""

from __future__ import annotations

from medssl.segment.shape_guided.prior import ShapePrior, read_prior
from medssl.segment.shape_guided.settings import ShapeSettings

__all__ = ["ShapePrior", "ShapeSettings", "read_prior"]
