"""Segmentations and maps of any kind, brought onto an image's own grid and written as any kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from medssl.errors import FileRefusedError, GeometryError, SettingsError
from medssl.io._atomic import refuse_existing
from medssl.io.exchange_points import Target
from medssl.io.formats import format_from_content
from medssl.io.image import Axes, Image
from medssl.io.label_maps import read_single, write_label_map
from medssl.io.same_grid import onto_grid
from medssl.io.seg_nrrd import ENDING, read_seg_nrrd, write_seg_nrrd
from medssl.io.segmentation import Segmentation, as_labels
from medssl.io.writing import write_image


def read_segmentation(path: Path, target: Target) -> Segmentation | Image:
    """Read what lies on an image's grid: a segmentation, or a map of real numbers.

    Raises
    ------
    FileRefusedError
        If it cannot be read, or is neither.
    GeometryError
        If its voxels are not those of the image.
    """
    if path.name.lower().endswith(ENDING):
        return _placed(path, read_seg_nrrd(path), target)
    if path.is_file() and format_from_content(path) == "dicom" and _is_dicom_seg(path):
        from medssl.io.dicom_seg import read_dicom_seg

        if target.grid.ndim == 2:
            return read_dicom_seg(path, target.dicom())
        return _placed(path, read_dicom_seg(path), target)
    image = read_map(path, target)
    try:
        labels = as_labels(image.array)
    except SettingsError:
        return image
    try:
        return Segmentation.from_labels(labels, target.grid)
    except SettingsError as error:
        raise FileRefusedError(path, str(error), "Give a label map with labels.") from error


def read_map(path: Path, target: Target) -> Image:
    """Read an image of one number a voxel onto the grid of another.

    Raises
    ------
    FileRefusedError
        If it cannot be read, is in colour or has time points.
    GeometryError
        If its voxels are not those of the image.
    """
    image = read_single(path)
    try:
        array = onto_grid(image.array, image.grid, target.grid)
    except GeometryError as error:
        raise GeometryError(f"{path}: {error}. Resample it to the image first") from error
    axes: Axes = "yx" if target.grid.ndim == 2 else "zyx"
    return replace(image, array=array, grid=target.grid, axes=axes)


def _is_dicom_seg(path: Path) -> bool:
    from medssl.io.dicom_headers import read_header

    return bool(read_header(path, ["Modality"]).get("Modality") == "SEG")


def _placed(path: Path, found: Segmentation, target: Target) -> Segmentation:
    try:
        return found.on(target.grid)
    except GeometryError as error:
        raise GeometryError(f"{path}: {error}. Resample it to the image first") from error


def renamed(segmentation: Segmentation, names: Mapping[int, str] | Sequence[str]) -> Segmentation:
    """Give segments other names, by label or in their order.

    Raises
    ------
    SettingsError
        If there are more names than segments, or a label is not there or not the only one.
    """
    labels = [segment.label for segment in segmentation.segments]
    if not isinstance(names, Mapping):
        if len(names) > len(labels):
            raise SettingsError(
                f"there are {len(names)} names for {len(labels)} segments. "
                "Give one a segment, or say which label each name belongs to"
            )
        named = dict(enumerate(names))
    else:
        absent = sorted(set(names) - set(labels))
        if absent or len(set(labels)) < len(labels):
            found = ", ".join(str(label) for label in labels)
            raise SettingsError(
                f"the labels are {found}, so {absent or 'some'} cannot be named by label. "
                "Give the names in the order of the segments"
            )
        named = {labels.index(label): name for label, name in names.items()}
    segments = tuple(
        replace(segment, name=named.get(number, segment.name))
        for number, segment in enumerate(segmentation.segments)
    )
    return replace(segmentation, segments=segments)


def write_segmentation(
    path: Path,
    segmentation: Segmentation,
    target: Target,
    kind: str,
    algorithm: str = "",
    overwrite: bool = False,
) -> Path:
    """Write a segmentation as ``nifti``, ``nrrd``, ``seg.nrrd`` or DICOM ``seg``.

    Raises
    ------
    FileRefusedError
        If there is such a file already and `overwrite` is False, or the image is no DICOM.
    SettingsError
        If the format cannot hold it.
    StorageError
        If it cannot be written.
    """
    if kind == "seg":
        from medssl.io.dicom_seg import write_dicom_seg

        return write_dicom_seg(path, segmentation, target.dicom(), algorithm, overwrite)
    if kind == "seg.nrrd":
        return write_seg_nrrd(path, segmentation, overwrite)
    return write_label_map(path, segmentation, overwrite)


def write_map(
    path: Path, image: Image, target: Target, kind: str, name: str, overwrite: bool = False
) -> Path:
    """Write a map as ``nifti``, ``nrrd`` or DICOM parametric ``map``.

    Raises
    ------
    FileRefusedError
        If there is such a file already and `overwrite` is False, or the image is no DICOM.
    SettingsError
        If the format holds segments only, or the map has values that are no finite numbers.
    StorageError
        If it cannot be written.
    """
    if kind in ("seg", "seg.nrrd"):
        raise SettingsError(
            f"{image.path}: its values are no whole numbers from 0, so it is no label map and "
            f"cannot become {kind}. Convert it to map, nifti or nrrd"
        )
    if kind == "map":
        from medssl.io.dicom_map import write_dicom_map

        values = np.asarray(image.array)
        return write_dicom_map(
            path, values, image.grid, target.dicom(), name=name, overwrite=overwrite
        )
    refuse_existing(path, overwrite)
    write_image(image, path)
    return path
