"""Landmarks: one click in one image, found in all the others."""

from __future__ import annotations

from medssl.landmarks.finder import LandmarkFinder
from medssl.landmarks.found import FoundPoint
from medssl.landmarks.settings import MatchSettings
from medssl.landmarks.templates import Template

__all__ = ["FoundPoint", "LandmarkFinder", "MatchSettings", "Template"]
