"""Lesions from labels of whole images: a classifier, maps that show where, regions."""

from __future__ import annotations

from medssl.lesions.base import LesionBase, open_lesion_base
from medssl.lesions.fitting import FittedLesions, fit_lesions
from medssl.lesions.labels import LESION, NORMAL, LesionLabels, read_lesion_labels
from medssl.lesions.maps import METHODS, Method
from medssl.lesions.model import Finding, LesionModel, on_source
from medssl.lesions.regions import Region, RegionSettings, find_regions, smoothed
from medssl.lesions.settings import HeadSettings, LesionSettings

__all__ = [
    "LESION",
    "METHODS",
    "NORMAL",
    "Finding",
    "FittedLesions",
    "HeadSettings",
    "LesionBase",
    "LesionLabels",
    "LesionModel",
    "LesionSettings",
    "Method",
    "Region",
    "RegionSettings",
    "find_regions",
    "fit_lesions",
    "on_source",
    "open_lesion_base",
    "read_lesion_labels",
    "smoothed",
]
