"""DICOM: single files, series of slices, multi-frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medssl.errors import FileRefusedError
from medssl.geometry import Grid
from medssl.io._checks import refusing
from medssl.io.dicom_display import film_directions, windows
from medssl.io.dicom_flags import BURNT_IN, has_burnt_in_text
from medssl.io.dicom_frames import TRANSFORM, frame_header, frames_stack
from medssl.io.dicom_headers import (
    PYDICOM_ERRORS,
    image_name,
    instance,
    names_patient,
    read_header,
    refuse_without_image,
)
from medssl.io.dicom_pixels import decode, rescale
from medssl.io.dicom_spacing import pixel_spacing
from medssl.io.dicom_stack import Stack, arrange, interpolate
from medssl.io.dicom_times import film_axis, stack_axis
from medssl.io.image import Axes, Image


def read_dicom_file(path: Path) -> Image:
    """Read one DICOM file: a picture, a slice, a film or a multi-frame volume.

    Raises
    ------
    FileRefusedError
        If it holds no image, or one that cannot be decoded or placed.
    """
    with refusing(path, "its DICOM data is damaged", *PYDICOM_ERRORS):
        return _read_file(path)


def _read_file(path: Path) -> Image:
    dataset = _load(path)
    array = decode(dataset, path)
    colour = array.shape[-1] == 3 and int(dataset.get("SamplesPerPixel") or 1) == 3
    colour = colour or dataset.get("PhotometricInterpretation") == "PALETTE COLOR"
    if array.ndim - colour == 3:
        return _multi_frame(dataset, path, array, colour)
    if not colour:
        array = rescale(array, frame_header(dataset, TRANSFORM))
    return _plane(dataset, path, array, colour)


def _plane(dataset: Dataset, path: Path, array: NDArray[Any], colour: bool) -> Image:
    spacing, warnings = pixel_spacing(dataset)
    timed = array.ndim - colour == 3
    shape = array.shape[1:3] if timed else array.shape[:2]
    axes = ("t" if timed else "") + "yx" + ("c" if colour else "")
    metadata = _metadata(dataset)
    if timed:
        metadata["frames"] = film_axis(dataset, len(array))
    place = _place(dataset, spacing)
    if place is not None:
        metadata["plane_lps"] = place
    return _image(
        dataset, array, Grid.create(shape, spacing), axes, path, (path,), warnings, metadata
    )


def _place(dataset: Dataset, spacing: tuple[float, float] | None) -> list[float] | None:
    position, axes = dataset.get("ImagePositionPatient"), dataset.get("ImageOrientationPatient")
    if spacing is None or not position or not axes or len(position) != 3 or len(axes) != 6:
        return None
    x_axis, y_axis = np.array(axes[:3], float), np.array(axes[3:], float)
    columns = [y_axis * spacing[0], x_axis * spacing[1], np.array(position, float)]
    return [float(v) for v in np.stack(columns, axis=1).ravel()]


def _multi_frame(dataset: Dataset, path: Path, array: NDArray[Any], colour: bool) -> Image:
    found = frames_stack(dataset, path)
    array = array if colour else found.rescale(array, dataset)
    if found.stack is None:
        return _plane(dataset, path, array, colour)
    volume, axes = _volume(array, found.stack, colour)
    warnings = (*found.warnings, *found.stack.warnings)
    metadata = _metadata(dataset)
    groups = dataset.get("PerFrameFunctionalGroupsSequence")
    if axes.startswith("t") and groups:
        metadata["frames"] = stack_axis([groups[int(at[0])] for at in found.stack.order])
    return _image(dataset, volume, found.stack.grid, axes, path, (path,), warnings, metadata)


def read_dicom_series(files: Sequence[Path], folder: Path) -> Image:
    """Read the slices of one series as a volume, sorted by their positions.

    Several slices at each place become time points, in the order of their instance numbers.

    Raises
    ------
    FileRefusedError
        If a slice is broken, slices differ in size, or they do not make a volume.
    """
    if len(files) == 1:
        return read_dicom_file(files[0])
    with refusing(folder, "its slices cannot be placed", *PYDICOM_ERRORS):
        return _read_slices(files, folder)


def _read_slices(files: Sequence[Path], folder: Path) -> Image:
    datasets = sorted((_load(path) for path in files), key=instance)
    first = datasets[0]
    spacing, warnings = pixel_spacing(first)
    if spacing is None:
        raise FileRefusedError(
            folder, "its slices have no pixel spacing", "Export the series again with it."
        )
    planes = []
    for dataset in datasets:
        plane = decode(dataset, Path(str(dataset.filename)))
        planes.append(rescale(plane, dataset) if plane.ndim == 2 else plane)
    if len({plane.shape for plane in planes}) > 1:
        raise FileRefusedError(folder, "its slices differ in size", "Separate the series.")
    positions = np.array([d.ImagePositionPatient for d in datasets], float)
    axes = first.ImageOrientationPatient
    stack = arrange(folder, positions, axes, planes[0].shape[:2], spacing)
    array = np.stack(planes)
    volume, letters = _volume(array, stack, array.ndim == 4)
    warnings = (*warnings, *stack.warnings)
    metadata = _metadata(first)
    if letters.startswith("t"):
        metadata["frames"] = stack_axis([datasets[int(at[0])] for at in stack.order])
    ordered = tuple(Path(str(datasets[int(at)].filename)) for at in stack.order.ravel())
    return _image(first, volume, stack.grid, letters, folder, ordered, warnings, metadata)


def _volume(array: NDArray[Any], stack: Stack, colour: bool) -> tuple[NDArray[Any], str]:
    """Order slices into ``([t,] z, y, x[, c])``, interpolated where the stack is uneven."""
    times = []
    for order in stack.order:
        volume = array[order]
        if stack.shifts is None:
            times.append(volume)
        elif colour:
            channels = [interpolate(volume[..., c], stack) for c in range(volume.shape[-1])]
            times.append(np.stack(channels, axis=-1))
        else:
            times.append(interpolate(volume, stack))
    axes = "zyx" + ("c" if colour else "")
    return (times[0], axes) if len(times) == 1 else (np.stack(times), "t" + axes)


def _load(path: Path) -> Dataset:
    refuse_without_image(read_header(path), path)
    return pydicom.dcmread(path, force=True)


def _metadata(dataset: Dataset) -> dict[str, Any]:
    """Keep of the header what does not name a person."""
    keys = (
        "SOPClassUID", "SeriesNumber", "SeriesDescription", "Manufacturer", "BodyPartExamined",
        "ViewPosition", "PhotometricInterpretation", "SliceThickness", "ConvolutionKernel",
        "RepetitionTime", "EchoTime", "FlipAngle", "KVP", "PixelPaddingValue", "RescaleType",
        "PatientPosition", "Laterality", "ImageLaterality",
    )  # fmt: skip
    found = {key: dataset.get(key) for key in keys}
    if names_patient(str(found["SeriesDescription"]), dataset):
        del found["SeriesDescription"]
    plain: dict[str, Any] = {
        key: value if isinstance(value, int) else _plain(value)
        for key, value in found.items()
        if value not in (None, "")
    }
    shown = {"windows": windows(dataset), "PatientOrientation": film_directions(dataset)}
    return plain | {key: value for key, value in shown.items() if value}


def _plain(value: Any) -> float | str:
    return float(value) if isinstance(value, float) else str(value)


def _window(dataset: Dataset) -> tuple[float, float] | None:
    found = windows(dataset)
    return (found[0]["centre"], found[0]["width"]) if found else None


def _image(
    dataset: Dataset,
    array: NDArray[Any],
    grid: Grid,
    axes: str,
    path: Path,
    files: tuple[Path, ...],
    warnings: Sequence[str],
    metadata: dict[str, Any],
) -> Image:
    return Image(
        np.ascontiguousarray(array),
        grid,
        cast("Axes", axes),
        name=image_name(dataset, files),
        path=path,
        files=files,
        modality=str(dataset.get("Modality") or ""),
        inverted=dataset.get("PhotometricInterpretation") == "MONOCHROME1",
        window=_window(dataset),
        warnings=(*warnings, *((BURNT_IN,) if has_burnt_in_text(dataset) else ())),
        metadata=metadata,
    )
