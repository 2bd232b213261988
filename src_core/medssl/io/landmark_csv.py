"""Landmark files: CSV for people and scripts; `medssl.io.markups` holds Slicer's JSON.

Coordinates in a CSV are 0-based voxels, the centre of the first voxel is 0, and x runs along
the fastest axis. In memory a point in voxels is ``(z, y, x)``; here the two orders meet.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from medssl.errors import FileRefusedError
from medssl.geometry import Unit
from medssl.io._atomic import write_text
from medssl.io.tables import table_rows

Source = Literal["manual", "predicted", "corrected"]
_OWN = ("image", "landmark", "x", "y", "z", "group")


@dataclass(frozen=True)
class LandmarkRow:
    """One line of a landmark CSV.

    Parameters
    ----------
    image
        File name of the image, or its path relative to the cohort's folder.
    landmark
        Name of the landmark.
    point_vox
        Position in voxels, ``(z, y, x)`` or ``(y, x)``.
    group
        What belongs together (patient, examination), if the file says so.
    extra
        The remaining columns, as text.
    line
        The line of the file, counted from 1; 0 where there is none.
    """

    image: str
    landmark: str
    point_vox: tuple[float, ...]
    group: str | None = None
    extra: dict[str, str] = field(default_factory=dict)
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class ExportPoint:
    """A point on its way to a file.

    Parameters
    ----------
    image, landmark
        What it is a point of.
    point_vox
        Position in voxels, ``(z, y, x)`` or ``(y, x)``.
    point_world
        The same in the world, LPS ``(x, y, z)`` or ``(x, y)``, in `unit`.
    unit
        ``"mm"``, or ``"px"`` where the pixel size is not known.
    confidence
        0 to 1, None for points that a person set.
    source
        Who set it.
    description
        Free text.
    author
        Initials of the person who set it; an empty text where they are not known.
    model
        Name of the model that found it; an empty text where there is none.
    """

    image: str
    landmark: str
    point_vox: tuple[float, ...]
    point_world: tuple[float, ...]
    unit: Unit
    confidence: float | None = None
    source: Source = "manual"
    description: str = ""
    author: str = ""
    model: str = ""


def read_landmarks_csv(
    path: str | Path, problems: list[FileRefusedError] | None = None
) -> list[LandmarkRow]:
    """Read the columns ``image,landmark,x,y[,z][,group]``; any others are kept as text.

    Parameters
    ----------
    path
        The table.
    problems
        Where a list is given, lines that are wrong are left out and told in it. Without one the
        first of them refuses the table.

    Raises
    ------
    FileRefusedError
        If a column is missing or a line does not hold finite numbers; the line is named.
    """
    path = Path(path)
    rows = []
    for line, values in table_rows(path, ("image", "landmark", "x", "y")):
        try:
            rows.append(_row(path, line, values))
        except FileRefusedError as error:
            if problems is None:
                raise
            problems.append(error)
    return rows


def _row(path: Path, line: int, values: Mapping[str, str]) -> LandmarkRow:
    names = ("z", "y", "x") if values.get("z") else ("y", "x")
    point = tuple(_number(path, line, values, name) for name in names)
    if not values["image"] or not values["landmark"]:
        raise _refused(path, line, "the image or the landmark has no name")
    extra = {name: text for name, text in values.items() if name not in _OWN}
    group = values.get("group") or None
    return LandmarkRow(values["image"], values["landmark"], point, group, extra, line)


def read_spacing_csv(path: str | Path) -> dict[str, tuple[float, ...]]:
    """Read the pixel sizes ``image,x_mm,y_mm[,z_mm]``.

    Returns
    -------
    dict
        Image to spacing in array order, ``(z, y, x)`` or ``(y, x)``, in millimetres.

    Raises
    ------
    FileRefusedError
        If a column is missing or a size is not positive; the line is named.
    """
    path = Path(path)
    sizes: dict[str, tuple[float, ...]] = {}
    for line, values in table_rows(path, ("image", "x_mm", "y_mm")):
        names = ("z_mm", "y_mm", "x_mm") if values.get("z_mm") else ("y_mm", "x_mm")
        spacing = tuple(_number(path, line, values, name) for name in names)
        if min(spacing) <= 0:
            raise _refused(path, line, f"a pixel size is not positive: {spacing}")
        sizes[values["image"]] = spacing
    return sizes


def write_landmarks_csv(path: str | Path, rows: Sequence[ExportPoint]) -> Path:
    """Write points as ``image,landmark,x,y[,z]`` in voxels and ``world_…`` in `unit`.

    Columns ``author`` and ``model`` are added where they are known of one of them.
    `read_landmarks_csv` reads the file back.

    Raises
    ------
    StorageError
        If the file cannot be written; an older one of that name then stays as it was.
    """
    ndim = max((len(row.point_vox) for row in rows), default=2)
    axes = "xyz"[:ndim]
    header = ["image", "landmark", *axes, *(f"world_{a}" for a in axes)]
    known = [name for name in ("author", "model") if any(getattr(row, name) for row in rows)]
    header += ["unit", "confidence", "source", "description", *known]
    table = [header]
    for row in rows:
        voxels = [f"{v:.4f}" for v in reversed(row.point_vox)]
        world = [f"{v:.4f}" for v in row.point_world]
        padding = [""] * (ndim - len(voxels))
        confidence = "" if row.confidence is None else f"{row.confidence:.4f}"
        place = [*voxels, *padding, *world, *padding]
        about = [row.unit, confidence, row.source, row.description]
        about += [getattr(row, name) for name in known]
        table.append([row.image, row.landmark, *place, *about])
    with write_text(Path(path)) as file:
        csv.writer(file, lineterminator="\n").writerows(table)
    return Path(path)


def _number(path: Path, line: int, values: Mapping[str, str], name: str) -> float:
    try:
        value = float(values[name])
    except ValueError as error:
        raise _refused(path, line, f"{name} is {values[name]!r}, not a number") from error
    if not math.isfinite(value):
        raise _refused(path, line, f"{name} is {values[name]!r}, not a finite number")
    return value


def _refused(path: Path, line: int, problem: str) -> FileRefusedError:
    return FileRefusedError(path, f"line {line}: {problem}", "Correct that line.")
