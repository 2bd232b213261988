"""Preparation: orientation, resampling, intensity, and the array cache."""

from __future__ import annotations

from medssl.prepare.cache import ArrayCache, CachedArray
from medssl.prepare.case import Case, PreparedCohort
from medssl.prepare.cohort import prepare_cohort
from medssl.prepare.prepared import PreparedImage, prepare_image
from medssl.prepare.settings import PrepareSettings, resolve_settings

__all__ = [
    "ArrayCache",
    "CachedArray",
    "Case",
    "PrepareSettings",
    "PreparedCohort",
    "PreparedImage",
    "prepare_cohort",
    "prepare_image",
    "resolve_settings",
]
