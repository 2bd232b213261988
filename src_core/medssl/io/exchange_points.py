"""Landmark files of any kind to points of one image, and back to any kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medssl.errors import FileRefusedError
from medssl.geometry import Grid
from medssl.io._atomic import refuse_existing
from medssl.io.dicom_source import DicomSource
from medssl.io.fcsv import read_fcsv
from medssl.io.landmark_csv import ExportPoint, read_landmarks_csv, write_landmarks_csv
from medssl.io.markups import MarkupPoint, read_markups_json, write_markups_json
from medssl.io.measurement import Measurement

_MARKUPS = (".mrk.json", ".json", ".fcsv")


@dataclass(frozen=True)
class Target:
    """The image that results belong to.

    Parameters
    ----------
    path
        Its file or folder, for messages.
    names
        What it may be called in a CSV; the first is its own name.
    grid
        Its grid.
    dicom
        Opens its DICOM headers where it is DICOM; refuses, with the reason, where it is not.
    """

    path: Path
    names: tuple[str, ...]
    grid: Grid
    dicom: Callable[[], DicomSource]


@dataclass(frozen=True)
class ReadPoints:
    """Points of one image, and what was left out or is odd."""

    points: tuple[ExportPoint, ...]
    problems: tuple[str, ...] = ()
    measurements: tuple[Measurement, ...] = ()


def is_points_file(path: Path) -> bool:
    """Whether the name is that of a landmark file (DICOM reports are told by their content)."""
    return path.name.lower().endswith((".csv", *_MARKUPS))


def read_points(path: Path, target: Target) -> ReadPoints:
    """Read the points of an image from a CSV, a Slicer file or a DICOM SR.

    Raises
    ------
    FileRefusedError
        If it cannot be read, or holds no point of the image.
    """
    problems: tuple[str, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    if path.name.lower().endswith(".csv"):
        points = _from_csv(path, target)
    elif path.name.lower().endswith(".fcsv"):
        found = read_fcsv(path)
        problems = found.problems
        points = [_from_world(path, target, point) for point in found.points]
    elif path.name.lower().endswith(_MARKUPS):
        points = [_from_world(path, target, point) for point in read_markups_json(path)]
    else:
        points, measurements = _from_report(path, target)
    if not points:
        raise FileRefusedError(path, "it holds no points", "Give a file with points.")
    outside = [p.landmark for p in points if not target.grid.contains_voxel(p.point_vox)]
    if len(outside) == len(points):
        raise FileRefusedError(
            path,
            f"all its points lie outside of the image {target.path.name}",
            "Give the image that they were set on.",
        )
    notes = tuple(f"landmark {name!r} lies outside of the image" for name in outside)
    return ReadPoints(tuple(points), (*problems, *notes), measurements)


def _from_csv(path: Path, target: Target) -> list[ExportPoint]:
    rows = [row for row in read_landmarks_csv(path) if row.image in target.names]
    if not rows:
        raise FileRefusedError(
            path,
            f"no line of it is about the image {target.names[0]!r}",
            "Its column `image` must hold the image's file name.",
        )
    points = []
    for row in rows:
        if len(row.point_vox) != target.grid.ndim:
            raise _wrong_axes(path, row.landmark, target)
        text = row.extra.get("confidence", "")
        note = f"source={row.extra.get('source', '')}; confidence={text}"
        marked = MarkupPoint(row.landmark, (0.0, 0.0, 0.0), note)
        points.append(_point(target, marked, row.point_vox, row.extra.get("description", "")))
    return points


def _from_world(path: Path, target: Target, marked: MarkupPoint) -> ExportPoint:
    place = marked.point_mm
    if target.grid.ndim == 2 and abs(place[2]) >= 0.5:
        raise _wrong_axes(path, marked.label, target)
    vox = target.grid.world_to_voxel(place[: target.grid.ndim]).tolist()
    return _point(target, marked, tuple(vox), marked.definition)


def _from_report(path: Path, target: Target) -> tuple[list[ExportPoint], tuple[Measurement, ...]]:
    from medssl.io.dicom_sr_reading import read_dicom_sr

    report = read_dicom_sr(path)
    points = []
    for one in report.points:
        if one.unit == "px":
            vox = one.place[::-1]
        elif target.grid.ndim == 3:
            vox = tuple(target.grid.world_to_voxel(one.place).tolist())
        else:
            vox = target.dicom().from_patient(one.place)
        if len(vox) != target.grid.ndim:
            raise _wrong_axes(path, one.landmark, target)
        points.append(
            ExportPoint(
                target.names[0], one.landmark, vox, _world(target.grid, vox), target.grid.unit,
                one.confidence, one.source,
            )
        )  # fmt: skip
    return points, report.measurements


def _point(
    target: Target, marked: MarkupPoint, vox: tuple[float, ...], definition: str
) -> ExportPoint:
    return ExportPoint(
        target.names[0], marked.label, vox, _world(target.grid, vox), target.grid.unit,
        marked.confidence, marked.source, definition,
    )  # fmt: skip


def _world(grid: Grid, vox: Sequence[float]) -> tuple[float, ...]:
    return tuple(np.asarray(grid.voxel_to_world(vox)).tolist())


def _wrong_axes(path: Path, landmark: str, target: Target) -> FileRefusedError:
    return FileRefusedError(
        path,
        f"the point of {landmark!r} does not fit an image of {target.grid.ndim} axes",
        "Give the image that it was set on.",
    )


def write_points(
    path: Path,
    points: Sequence[ExportPoint],
    target: Target,
    kind: str,
    measurements: Sequence[Measurement] = (),
    algorithm: str = "",
    overwrite: bool = False,
) -> Path:
    """Write the points of one image as ``csv``, ``mrk.json`` or ``sr``.

    Raises
    ------
    FileRefusedError
        If there is such a file already and `overwrite` is False, or the image is no DICOM.
    SettingsError
        If it cannot hold them.
    StorageError
        If it cannot be written.
    """
    if kind == "sr":
        from medssl.io.dicom_sr import write_dicom_sr

        return write_dicom_sr(path, points, target.dicom(), measurements, algorithm, overwrite)
    refuse_existing(path, overwrite)
    write = write_landmarks_csv if kind == "csv" else write_markups_json
    return write(path, points)
