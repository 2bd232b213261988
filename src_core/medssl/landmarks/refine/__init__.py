"""Refine: what a click and its corrections gave teaches a small head, which finds anew."""

from __future__ import annotations

from medssl.landmarks.refine.refiner import Refiner
from medssl.landmarks.refine.settings import RefineSettings

__all__ = ["RefineSettings", "Refiner"]
