"""DICOM headers: which files belong to one image, found without reading pixels."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.multival import MultiValue

from medssl.errors import FileRefusedError
from medssl.io._checks import DAMAGED, refusing
from medssl.progress import Progress, silent

# pydicom warns of each oddity of a header on stderr; those that matter are ours to say.
warnings.filterwarnings("ignore", module=r"pydicom\.")

#: Modalities that are projections: their files are never the slices of a volume.
PROJECTIONS = frozenset({"CR", "DX", "MG", "RG", "XA", "RF", "PX", "IO", "US", "ES", "XC", "OP"})

#: What pydicom raises at damaged files, besides Python's own errors.
PYDICOM_ERRORS = (BytesLengthException, InvalidDicomError)

_TAGS = [
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "Modality",
    "PatientName",
    "SeriesInstanceUID",
    "SeriesNumber",
    "SeriesDescription",
    "ImageType",
    "InstanceNumber",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "EchoNumbers",
    "EchoTime",
    "AcquisitionNumber",
]


@dataclass(frozen=True)
class Series:
    """Files that make one image: the slices of a volume, or a single file."""

    files: tuple[Path, ...]
    name: str


def read_header(path: Path, tags: Sequence[str] | None = None) -> Dataset:
    """Read a DICOM header, pixels left out; only `tags` where they are given.

    Raises
    ------
    FileRefusedError
        If the file is not DICOM or its header is damaged.
    """
    with refusing(path, "its DICOM header is damaged", *PYDICOM_ERRORS):
        return pydicom.dcmread(
            path, stop_before_pixels=True, force=True, specific_tags=list(tags) if tags else None
        )


def scan_dicom(
    files: Sequence[Path], progress: Progress = silent
) -> tuple[list[Series], list[FileRefusedError]]:
    """Sort the DICOM files of one folder into images, by their headers alone.

    Slices of one series belong together where they have the same size and orientation. Where
    positions repeat unevenly, the series is divided by echo, acquisition or kind of image.
    Projections, multi-frame files and slices without position are an image each. Copies of
    the same file count once.

    Returns
    -------
    series
        In the order of their first files.
    broken
        An error for each file that cannot be used.
    """
    groups: dict[tuple[object, ...], list[_Slice]] = {}
    broken: list[FileRefusedError] = []
    seen: set[str] = set()
    for done, path in enumerate(files):
        progress(done, len(files), f"reading the header of {path.name}")
        try:
            with refusing(path, "its DICOM header is damaged", *PYDICOM_ERRORS):
                header = read_header(path, _TAGS)
                refuse_without_image(header, path)
                key = _group_key(header, path)
                uid = str(header.get("SOPInstanceUID", "") or path)
        except FileRefusedError as error:
            if not _is_directory(path):
                broken.append(error)
            continue
        if uid in seen:
            continue
        seen.add(uid)
        groups.setdefault(key, []).append(_Slice(path, header))
    series = []
    for slices in groups.values():
        try:
            with refusing(slices[0].path, "its DICOM header is damaged", *PYDICOM_ERRORS):
                series += [_series(part) for part in _divide(slices)]
        except FileRefusedError as error:
            broken.append(error)
    return series, broken


def _series(slices: list[_Slice]) -> Series:
    paths = tuple(one.path for one in slices)
    return Series(paths, image_name(slices[0].header, paths))


def refuse_without_image(header: Dataset, path: Path) -> None:
    """Refuse a DICOM object that is no image.

    Raises
    ------
    FileRefusedError
        Saying what it is (a report, a plan, a directory, a segmentation, ...).
    """
    uid = header.get("SOPClassUID") or header.file_meta.get("MediaStorageSOPClassUID")
    kind = getattr(uid, "name", "") or "DICOM object of unknown kind"
    if "Directory" in kind:
        raise FileRefusedError(
            path, "it is a DICOM directory, an index", "Give the folder with the images."
        )
    if "Segmentation" in kind or header.get("Modality") == "SEG":
        raise FileRefusedError(
            path,
            "it is a DICOM segmentation, not an image",
            "Convert it to a label map on the grid of its image: "
            "medssl convert FILE --to nifti --image IMAGE.",
        )
    if "MOSAIC" in (header.get("ImageType") or ()):
        raise FileRefusedError(
            path,
            "it is a Siemens mosaic, all slices of a volume side by side in one picture",
            "Convert it to NIfTI, for example with dcm2niix.",
        )
    if not header.get("Rows") or not header.get("Columns"):
        if not header.get("SOPClassUID") and not header.get("Modality"):
            raise FileRefusedError(path, "it is not a DICOM image", DAMAGED)
        raise FileRefusedError(
            path, f"it holds no pixels ({kind})", "Give the images that it belongs to."
        )


def image_name(header: Dataset, files: Sequence[Path]) -> str:
    """Short name without patient data: the file's, or modality, number and description.

    A file name that holds a part of the patient's name is replaced too.
    """
    words = [str(header.get("Modality") or "DICOM")]
    if header.get("SeriesNumber") is not None:
        words.append(str(header.SeriesNumber))
    words.append(str(header.get("SeriesDescription") or ""))
    described = " ".join(word for word in words if word).strip()
    name = files[0].name if len(files) == 1 else described
    if names_patient(name, header):
        name = words[0] if names_patient(described, header) else described
        name += f" {header.get('InstanceNumber') or ''}".rstrip() if len(files) == 1 else ""
    return name


def instance(header: Dataset) -> tuple[int, str]:
    """Sort key of the files of a series: instance number, then name."""
    return int(header.get("InstanceNumber") or 0), str(header.filename)


def names_patient(name: str, header: Dataset) -> bool:
    """Whether a text holds a part of the patient's name."""
    given = str(header.get("PatientName") or "").lower()
    parts = [p for p in re.split(r"[\W_\d]+", given) if len(p) > 2]
    return any(part in name.lower() for part in parts)


@dataclass(frozen=True)
class _Slice:
    path: Path
    header: Dataset

    @property
    def distance(self) -> float:
        """Position along the normal of the slice, rounded to a hundredth of a millimetre."""
        axes = np.array(self.header.ImageOrientationPatient, float)
        normal = np.cross(axes[:3], axes[3:])
        return round(float(np.dot(normal, self.header.ImagePositionPatient)), 2)


def _is_directory(path: Path) -> bool:
    return path.name.upper().startswith("DICOMDIR")


def _group_key(header: Dataset, path: Path) -> tuple[object, ...]:
    position, axes = header.get("ImagePositionPatient"), header.get("ImageOrientationPatient")
    single = (
        int(header.get("NumberOfFrames") or 1) > 1
        or header.get("Modality") in PROJECTIONS
        or not _are_numbers(position, 3)
        or not _are_numbers(axes, 6)
    )
    if single:
        return (path,)
    orientation = tuple(round(float(v), 2) + 0.0 for v in axes)
    series: tuple[object, ...] = (str(header.get("SeriesInstanceUID") or ""),)
    if not series[0]:  # anonymised away: what one acquisition has in common stands for it
        keys = ("StudyInstanceUID", "SeriesNumber", "AcquisitionNumber", "ImageType")
        series = (str(header.Modality), *(str(header.get(key, "")) for key in keys))
    return *series, int(header.Rows), int(header.Columns), orientation


def _are_numbers(values: object, count: int) -> bool:
    return isinstance(values, MultiValue) and len(values) == count and None not in values


def _divide(slices: list[_Slice]) -> list[list[_Slice]]:
    """Divide slices whose positions repeat unevenly by the first tag that makes them even.

    Slices that all lie at one place are no volume: each is an image.
    """
    if len(slices) == 1 or len({one.distance for one in slices}) == 1:
        return [[one] for one in slices]
    if _is_even(slices):
        return [slices]
    for tag in ("EchoNumbers", "EchoTime", "AcquisitionNumber", "ImageType"):
        parts: dict[str, list[_Slice]] = {}
        for one in slices:
            parts.setdefault(str(one.header.get(tag, "")), []).append(one)
        if len(parts) > 1 and all(_is_even(part) for part in parts.values()):
            return list(parts.values())
    return [slices]


def _is_even(slices: list[_Slice]) -> bool:
    counts: dict[float, int] = {}
    for one in slices:
        counts[one.distance] = counts.get(one.distance, 0) + 1
    return len(set(counts.values())) == 1
