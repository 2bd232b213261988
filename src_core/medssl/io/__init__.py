"""Read and write images, landmark files, segmentations and DICOM objects.

Names are loaded when they are first used, so that `medssl.io.formats` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from medssl.io.formats import SUPPORTED_PATTERNS
from medssl.io.image import Axes, Image

if TYPE_CHECKING:
    from medssl.io.dicom_map import write_dicom_map
    from medssl.io.dicom_seg import read_dicom_seg, write_dicom_seg
    from medssl.io.dicom_source import DicomSource, read_dicom_source
    from medssl.io.dicom_sr import write_dicom_sr
    from medssl.io.dicom_sr_reading import LandmarkReport, read_dicom_sr
    from medssl.io.label_maps import read_label_map, write_label_map
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
    from medssl.io.measurement import Measurement, measure, measure_angle, measure_distance
    from medssl.io.reading import read_image, read_images
    from medssl.io.same_grid import onto_grid
    from medssl.io.seg_nrrd import read_seg_nrrd, write_seg_nrrd
    from medssl.io.segmentation import Code, Segment, Segmentation
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
    "Code",
    "DicomSource",
    "ExportPoint",
    "FcsvList",
    "Image",
    "ImageListing",
    "ImageSource",
    "LandmarkReport",
    "LandmarkRow",
    "MarkupPoint",
    "Measurement",
    "Problem",
    "Segment",
    "Segmentation",
    "list_images",
    "measure",
    "measure_angle",
    "measure_distance",
    "onto_grid",
    "read_dicom_seg",
    "read_dicom_source",
    "read_dicom_sr",
    "read_fcsv",
    "read_folder",
    "read_image",
    "read_images",
    "read_label_map",
    "read_landmarks_csv",
    "read_markups_json",
    "read_seg_nrrd",
    "read_spacing_csv",
    "write_dicom_map",
    "write_dicom_seg",
    "write_dicom_sr",
    "write_image",
    "write_label_map",
    "write_landmarks_csv",
    "write_markups_json",
    "write_seg_nrrd",
]

_HOME = {
    "Code": "segmentation",
    "DicomSource": "dicom_source",
    "ExportPoint": "landmarks",
    "FcsvList": "landmarks",
    "ImageListing": "sources",
    "ImageSource": "sources",
    "LandmarkReport": "dicom_sr_reading",
    "LandmarkRow": "landmarks",
    "MarkupPoint": "landmarks",
    "Measurement": "measurement",
    "Problem": "sources",
    "Segment": "segmentation",
    "Segmentation": "segmentation",
    "list_images": "sources",
    "measure": "measurement",
    "measure_angle": "measurement",
    "measure_distance": "measurement",
    "onto_grid": "same_grid",
    "read_dicom_seg": "dicom_seg",
    "read_dicom_source": "dicom_source",
    "read_dicom_sr": "dicom_sr_reading",
    "read_fcsv": "landmarks",
    "read_folder": "sources",
    "read_image": "reading",
    "read_images": "reading",
    "read_label_map": "label_maps",
    "read_landmarks_csv": "landmarks",
    "read_markups_json": "landmarks",
    "read_seg_nrrd": "seg_nrrd",
    "read_spacing_csv": "landmarks",
    "write_dicom_map": "dicom_map",
    "write_dicom_seg": "dicom_seg",
    "write_dicom_sr": "dicom_sr",
    "write_image": "writing",
    "write_label_map": "label_maps",
    "write_landmarks_csv": "landmarks",
    "write_markups_json": "landmarks",
    "write_seg_nrrd": "seg_nrrd",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"medssl.io.{_HOME[name]}"), name)
