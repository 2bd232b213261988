"""Small DICOM files made for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

SERIES = generate_uid()


def make_slice(path, array, position=(0.0, 0.0, 0.0), number=1, **tags) -> Path:
    """Write one axial CT slice; `tags` overrules or, given None, removes an element."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    uid = generate_uid()
    array = np.asarray(array, np.int16)
    values = {
        "SOPClassUID": CTImageStorage,
        "SOPInstanceUID": uid,
        "SeriesInstanceUID": SERIES,
        "Modality": "CT",
        "PatientName": "Doe^Jane",
        "SeriesNumber": 4,
        "SeriesDescription": "Thorax",
        "InstanceNumber": number,
        "Rows": array.shape[0],
        "Columns": array.shape[1],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 1,
        "PixelSpacing": [0.5, 0.75],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "ImagePositionPatient": [float(v) for v in position],
        "RescaleSlope": 1,
        "RescaleIntercept": -1024,
        "WindowCenter": [40, 300],
        "WindowWidth": [400, 1500],
    }
    for key, value in {**values, **tags}.items():
        if value is not None:
            setattr(dataset, key, value)
    dataset.PixelData = array.astype("<i2").tobytes()
    dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = uid
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return Path(path)


def ramp(rows=6, columns=5):
    """Pixels that tell their place: 10 × row + column."""
    return np.arange(rows)[:, None] * 10 + np.arange(columns)


def make_series(folder, heights, shift=0.0, start=1, **tags) -> list[Path]:
    """Write slices at `heights` along z in mixed order; each holds 100 × its height, plus a ramp.

    With `shift`, y moves by that many millimetres a millimetre of height (a tilted gantry).
    """
    folder.mkdir(parents=True, exist_ok=True)
    order = np.random.default_rng(3).permutation(len(heights))
    return [
        make_slice(
            folder / f"IM{start + int(n)}",
            ramp() + 100 * heights[i] + 1024,
            (-10.0, -20.0 + shift * heights[i], heights[i]),
            start + int(n),
            **tags,
        )
        for n, i in enumerate(order)
    ]
