"""3D Slicer's older point lists, ``.fcsv``, as Slicer 4 and 5 write them; read only."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from medssl.errors import FileRefusedError
from medssl.io.formats import unreadable
from medssl.io.markups import MarkupPoint
from medssl.io.slicer_world import finite_point, signs_to_lps

_NO_LIST = "Save it from Slicer as .mrk.json."
_COLUMNS = "id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID"


@dataclass(frozen=True)
class FcsvList:
    """What a ``.fcsv`` holds.

    Parameters
    ----------
    points
        The points, LPS in mm.
    problems
        A text for each row that was left out: its line and why.
    """

    points: tuple[MarkupPoint, ...]
    problems: tuple[str, ...] = ()


def read_fcsv(path: str | Path) -> FcsvList:
    """Read a Slicer ``.fcsv``; points in RAS are turned to LPS, broken rows are named.

    Raises
    ------
    FileRefusedError
        If it is no such list, does not say its coordinate system, or no row can be used.
    """
    path = Path(path)
    fields, rows = _parts(path)
    version = fields.get("markups fiducial file version", "")
    if not re.match(r"[45](\.|$)", version):
        found = f"version {version}" if version else "no version"
        raise FileRefusedError(path, f"it is not a point list of Slicer 4 or 5 ({found})", _NO_LIST)
    if "coordinatesystem" not in fields:
        raise FileRefusedError(
            path,
            "it does not say its coordinate system",
            "Add the line '# CoordinateSystem = RAS' (or LPS) that it was made in.",
        )
    signs = signs_to_lps(path, fields["coordinatesystem"])
    columns = [name.strip() for name in fields.get("columns", _COLUMNS).split(",")]
    if not {"x", "y", "z", "label"} <= set(columns):
        raise FileRefusedError(path, f"its columns are {','.join(columns)}", _NO_LIST)
    points, problems = [], []
    for line, cells in rows:
        try:
            points.append(_point(columns, cells, signs))
        except ValueError as error:
            problems.append(f"line {line}: {error}")
    if problems and not points:
        raise FileRefusedError(
            path, f"none of its rows can be used ({problems[0]})", "Correct its rows."
        )
    return FcsvList(tuple(points), tuple(problems))


def _parts(path: Path) -> tuple[dict[str, str], list[tuple[int, list[str]]]]:
    """Split into the fields of the comment lines and the rows with their line numbers."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise FileRefusedError(path, "it is not a UTF-8 text", _NO_LIST) from error
    fields, rows = {}, []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#"):
            name, equals, value = line[1:].partition("=")
            if equals:
                fields[name.strip().lower()] = value.strip()
        elif line.strip():
            rows.append((number, next(csv.reader([line]))))
    return fields, rows


def _point(columns: Sequence[str], cells: list[str], signs: tuple[float, float]) -> MarkupPoint:
    if len(cells) < columns.index("label") + 1:
        raise ValueError(f"it has {len(cells)} of {len(columns)} columns")
    values: Mapping[str, str] = dict(zip(columns, cells, strict=False))
    x, y, z = finite_point([values[axis] for axis in "xyz"])
    label = values["label"].strip()
    if not label:
        raise ValueError("the point has no label")
    visible = values.get("vis", "1").strip()
    if visible not in ("0", "1", ""):
        raise ValueError(f"vis is {visible!r}, not 0 or 1")
    return MarkupPoint(
        label, (signs[0] * x, signs[1] * y, z), values.get("desc", ""), visible != "0"
    )
