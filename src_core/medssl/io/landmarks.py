"""Landmark files: CSV for people and scripts, `.mrk.json` and `.fcsv` of 3D Slicer."""

from __future__ import annotations

from medssl.io.fcsv import FcsvList, read_fcsv
from medssl.io.landmark_csv import (
    ExportPoint,
    LandmarkRow,
    read_landmarks_csv,
    read_spacing_csv,
    write_landmarks_csv,
)
from medssl.io.markups import MarkupPoint, read_markups_json, write_markups_json

__all__ = [
    "ExportPoint",
    "FcsvList",
    "LandmarkRow",
    "MarkupPoint",
    "read_fcsv",
    "read_landmarks_csv",
    "read_markups_json",
    "read_spacing_csv",
    "write_landmarks_csv",
    "write_markups_json",
]
