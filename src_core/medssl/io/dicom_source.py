"""The DICOM images that an object is derived from: their headers, and the grid they make."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydicom.dataset import Dataset

from medssl.errors import FileRefusedError
from medssl.geometry import FloatArray, Grid
from medssl.io._checks import refusing
from medssl.io.dicom_frames import frames_stack
from medssl.io.dicom_headers import (
    PYDICOM_ERRORS,
    read_header,
    refuse_without_image,
)
from medssl.io.dicom_spacing import pixel_spacing
from medssl.io.dicom_stack import Stack, arrange

_log = logging.getLogger(__name__)
_UIDS = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")
_MAY_BE_EMPTY = (
    "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID",
    "StudyDate", "StudyTime",
)  # fmt: skip
_IN_PART = "Export to NIfTI, .seg.nrrd or .mrk.json instead."


@dataclass(frozen=True)
class DicomSource:
    """One DICOM image that results refer to, as `read_image` places it.

    Parameters
    ----------
    path
        File or folder, for messages.
    headers
        One for each slice, in the order of the grid's z axis; one for a picture or a
        multi-frame file.
    grid
        The grid of the image.
    frames
        For a multi-frame file the frame of each slice.
    resampled
        Whether the grid is not that of the slices: they were uneven or tilted.
    """

    path: Path
    headers: tuple[Dataset, ...]
    grid: Grid
    frames: NDArray[np.intp] | None = None
    resampled: bool = False

    @property
    def frame_of_reference(self) -> str:
        """UID of the patient's coordinate system, empty where there is none (a film)."""
        return str(self.headers[0].get("FrameOfReferenceUID") or "")

    @property
    def plane(self) -> FloatArray | None:
        """Matrix ``(3, 3)`` from ``(y, x, 1)`` of a picture to the patient; None if not known."""
        header = self.headers[0]
        position, axes = header.get("ImagePositionPatient"), header.get("ImageOrientationPatient")
        if self.grid.ndim == 3 or not position or not axes or not self.frame_of_reference:
            return None
        x_axis, y_axis = np.array(axes[:3], float), np.array(axes[3:], float)
        y_step, x_step = self.grid.spacing
        return np.stack([y_axis * y_step, x_axis * x_step, np.array(position, float)], axis=1)

    def in_patient(self, points_vox: ArrayLike) -> FloatArray | None:
        """Place voxel points ``(n, ndim)`` in the patient, ``(n, 3)`` in LPS mm.

        None for films, which have no place in the patient.
        """
        points = np.asarray(points_vox, float).reshape(-1, self.grid.ndim)
        if self.grid.ndim == 3:
            return self.grid.voxel_to_world(points)
        if self.plane is None:
            return None
        return np.asarray(np.column_stack([points, np.ones(len(points))]) @ self.plane.T)

    def from_patient(self, place: Sequence[float]) -> tuple[float, ...]:
        """Give the voxels of a place in the patient; of a picture's plane the nearest point.

        Raises
        ------
        FileRefusedError
            If this is a film, which has no place in the patient.
        """
        if self.grid.ndim == 3:
            return tuple(self.grid.world_to_voxel(place).tolist())
        if self.plane is None:
            raise FileRefusedError(
                self.path, "it has no place in the patient", "Give the image of these points."
            )
        away = np.asarray(place, float) - self.plane[:, 2]
        return tuple(np.linalg.lstsq(self.plane[:, :2], away)[0].tolist())

    def arranged(self, array: NDArray[Any], channels: str = "") -> Any:
        """Give an array ``(z, y, x[, c])`` or ``(y, x[, c])`` as highdicom wants it.

        Slices go one to one with the headers or frames, so that each refers to its own. On a
        resampled grid there is no such pair: the array becomes a volume with its own place.
        `channels` is the DICOM keyword of the last axis.
        """
        if self.grid.ndim == 2:
            return array[None]
        if self.resampled:
            from highdicom import Volume

            numbers = {channels: range(1, array.shape[3] + 1)} if channels else None
            return Volume(
                array, self.grid.affine, "PATIENT", self.frame_of_reference, channels=numbers
            )
        return array if self.frames is None else array[np.argsort(self.frames)]

    def measures(self) -> Any:
        """Distance of pixels and of slices, said in full; None where highdicom takes its own."""
        if self.grid.ndim == 2 or self.resampled:
            return None
        from highdicom import PixelMeasuresSequence

        gap, y_step, x_step = self.grid.spacing
        return PixelMeasuresSequence((y_step, x_step), gap, gap)


def read_dicom_source(files: Sequence[Path], path: Path) -> DicomSource:
    """Read the headers of the files of one image; `path` names it in messages.

    Raises
    ------
    FileRefusedError
        If it is no DICOM, has several time points, makes no volume, or lacks the identifiers
        by which DICOM objects refer to it.
    """
    with refusing(path, "its DICOM headers do not fit together", *PYDICOM_ERRORS):
        headers = []
        for file in files:
            header = read_header(file)
            refuse_without_image(header, file)
            headers.append(header)
        if len(headers) > 1:
            found = _series(headers, path)
        elif int(headers[0].get("NumberOfFrames") or 1) > 1:
            found = _multi_frame(headers[0], path)
        else:
            spacing, _ = pixel_spacing(headers[0])
            shape = (int(headers[0].Rows), int(headers[0].Columns))
            found = DicomSource(path, (headers[0],), Grid.create(shape, spacing))
        _require_identity(found)
    return found


def _series(headers: list[Dataset], path: Path) -> DicomSource:
    headers = sorted(
        headers, key=lambda one: (int(one.get("InstanceNumber") or 0), str(one.filename))
    )
    first = headers[0]
    spacing, _ = pixel_spacing(first)
    if spacing is None:
        raise FileRefusedError(path, "its slices have no pixel spacing", _IN_PART)
    positions = np.array([header.ImagePositionPatient for header in headers], float)
    shape = (int(first.Rows), int(first.Columns))
    stack = arrange(path, positions, first.ImageOrientationPatient, shape, spacing)
    order = _one_time(stack, path)
    ordered = tuple(headers[number] for number in order)
    return DicomSource(path, ordered, stack.grid, None, stack.shifts is not None)


def _multi_frame(header: Dataset, path: Path) -> DicomSource:
    stack = frames_stack(header, path).stack
    if stack is None:
        raise FileRefusedError(path, "its frames are a film, no volume", _IN_PART)
    order = _one_time(stack, path)
    if "PerFrameFunctionalGroupsSequence" not in header:
        raise FileRefusedError(path, "its frames have no places of their own", _IN_PART)
    _share_measures(header)
    return DicomSource(path, (header,), stack.grid, order, stack.shifts is not None)


def _share_measures(header: Dataset) -> None:
    """Say for all frames what each says for itself, since highdicom looks for it there.

    `arrange` has made sure that the frames lie in one direction, and `pixel_spacing` that their
    pixels have one size.
    """
    shared, first = (
        header.get(f"{name}FunctionalGroupsSequence") or [Dataset()]
        for name in ("Shared", "PerFrame")
    )
    for keyword in ("PixelMeasuresSequence", "PlaneOrientationSequence"):
        if keyword not in shared[0] and keyword in first[0]:
            shared[0][keyword] = first[0][keyword]
    header.SharedFunctionalGroupsSequence = list(shared)


def _one_time(stack: Stack, path: Path) -> NDArray[np.intp]:
    if len(stack.order) > 1:
        raise FileRefusedError(
            path,
            f"it holds {len(stack.order)} time points, and a result belongs to one",
            "Give the files of one time point in a folder of their own.",
        )
    return np.asarray(stack.order[0])


def _require_identity(source: DicomSource) -> None:
    for keyword in _UIDS:
        if not all(header.get(keyword) for header in source.headers):
            raise FileRefusedError(
                source.path, f"it has no {keyword}, so nothing can refer to it", _IN_PART
            )
    for keyword in ("SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID"):
        if len({str(header.get(keyword) or "") for header in source.headers}) > 1:
            raise FileRefusedError(
                source.path, f"its slices differ in {keyword}", "Separate the series."
            )
    if source.grid.ndim == 3 and not source.frame_of_reference:
        raise FileRefusedError(
            source.path, "it has no FrameOfReferenceUID, so nothing can be placed in it", _IN_PART
        )
    for header in source.headers:
        for keyword in _MAY_BE_EMPTY:
            if keyword not in header:
                setattr(header, keyword, "")
        _complete_thickness(header, source)


def _complete_thickness(header: Dataset, source: DicomSource) -> None:
    """Say how thick a slice is where it does not: DICOM objects must repeat it."""
    if header.get("SliceThickness"):
        return
    known = header.get("SpacingBetweenSlices")
    if source.grid.ndim == 3:
        known = source.grid.spacing[0]
    if not known and source.plane is not None:
        _log.warning("%s: its slice thickness is not known, 1 mm is written", source.path)
    header.SliceThickness = float(known or 1.0)
