"""A disc as a hospital burns it: patients, each with series in folders of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from medssl.phantom import Phantom, make_volume

LANDMARKS = ("carina", "liver_dome")


def write_disc(folder: Path, patients: int = 4, size: int = 40) -> dict[str, Phantom]:
    """Write a CT series of a trunk for each patient, and a localiser beside it.

    Returns
    -------
    dict
        Patient's id to the phantom, whose landmarks are the truth.
    """
    truth = {}
    for number in range(patients):
        phantom = make_volume(100 + number, size)
        patient = f"HOSP{number:04d}"
        truth[patient] = phantom
        home = folder / f"PAT{number}" / "STUDY0"
        about = {
            "PatientID": patient,
            "PatientName": f"Walker^Person{number}",
            "StudyInstanceUID": generate_uid(),
            "FrameOfReferenceUID": generate_uid(),
            "StudyDate": "20260102",
            "StudyTime": "101112",
        }
        write_series(home / "SERIES1", phantom.image.array, phantom, about)
        localiser = phantom.image.array[:1]
        write_series(home / "SERIES0", localiser, phantom, {**about, "SeriesNumber": 0})
    return truth


def write_series(folder: Path, array: np.ndarray, phantom: Phantom, about: dict) -> None:
    """Write the slices of a volume whose axes run to superior, posterior and left."""
    folder.mkdir(parents=True)
    grid = phantom.image.grid
    series = generate_uid()
    for z, plane in enumerate(array):
        one = Dataset()
        one.file_meta = FileMetaDataset()
        one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        values = {
            "SOPClassUID": CTImageStorage,
            "SOPInstanceUID": generate_uid(),
            "SeriesInstanceUID": series,
            "SeriesNumber": 1,
            "InstanceNumber": z + 1,
            "Modality": "CT",
            "Rows": plane.shape[0],
            "Columns": plane.shape[1],
            "SamplesPerPixel": 1,
            "PhotometricInterpretation": "MONOCHROME2",
            "BitsAllocated": 16,
            "BitsStored": 16,
            "HighBit": 15,
            "PixelRepresentation": 1,
            "PixelSpacing": [float(s) for s in grid.spacing[1:]],
            "SliceThickness": float(grid.spacing[0]),
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
            "ImagePositionPatient": [float(v) for v in grid.voxel_to_world((z, 0, 0))],
            "RescaleSlope": 1,
            "RescaleIntercept": 0,
            **about,
        }
        for key, value in values.items():
            setattr(one, key, value)
        one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
        one.PixelData = plane.astype("<i2").tobytes()
        one.save_as(folder / f"IM{z:04d}", enforce_file_format=True)


def simpleitk_world(folder: Path, point_vox: tuple[float, ...]) -> np.ndarray:
    """Say where SimpleITK has a voxel of a series, LPS in mm."""
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    image = reader.Execute()
    return np.array(image.TransformContinuousIndexToPhysicalPoint(list(reversed(point_vox))))
