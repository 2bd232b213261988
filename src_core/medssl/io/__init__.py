"""Read and write images and landmark files.

Names are loaded when they are first used, so that `medssl.io.formats` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from medssl.io.formats import SUPPORTED_PATTERNS
from medssl.io.image import Axes, Image

if TYPE_CHECKING:
    from medssl.io.landmarks import (
        ExportPoint,
        FcsvList,
        LandmarkRow,
        MarkupPoint,
        read_fcsv,
        read_landmarks_csv,
        read_markups_json,
        read_spacing_csv,
        write_landmarks_csv,
        write_markups_json,
    )
    from medssl.io.reading import read_image, read_images
    from medssl.io.sources import (
        ImageListing,
        ImageSource,
        Problem,
        list_images,
        read_folder,
    )
    from medssl.io.writing import write_image

__all__ = [
    "SUPPORTED_PATTERNS",
    "Axes",
    "ExportPoint",
    "FcsvList",
    "Image",
    "ImageListing",
    "ImageSource",
    "LandmarkRow",
    "MarkupPoint",
    "Problem",
    "list_images",
    "read_fcsv",
    "read_folder",
    "read_image",
    "read_images",
    "read_landmarks_csv",
    "read_markups_json",
    "read_spacing_csv",
    "write_image",
    "write_landmarks_csv",
    "write_markups_json",
]

_HOME = {
    "ExportPoint": "landmarks",
    "FcsvList": "landmarks",
    "ImageListing": "sources",
    "ImageSource": "sources",
    "LandmarkRow": "landmarks",
    "MarkupPoint": "landmarks",
    "Problem": "sources",
    "list_images": "sources",
    "read_fcsv": "landmarks",
    "read_folder": "sources",
    "read_image": "reading",
    "read_images": "reading",
    "read_landmarks_csv": "landmarks",
    "read_markups_json": "landmarks",
    "read_spacing_csv": "landmarks",
    "write_image": "writing",
    "write_landmarks_csv": "landmarks",
    "write_markups_json": "landmarks",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"medssl.io.{_HOME[name]}"), name)
