"""Find rows of a cohort by the names that people use."""

from __future__ import annotations

import json
import math
import sqlite3
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from medssl.cohort.errors import UnknownEntryError
from medssl.cohort.findings import NewLabel
from medssl.cohort.records import NewPoint
from medssl.cohort.tables import Row
from medssl.errors import SettingsError
from medssl.geometry import Grid, Unit

SOURCES = ("manual", "predicted", "corrected")


class CaseRow(NamedTuple):
    """What a point needs to know about its case."""

    number: int
    grid: Grid
    unit: Unit


def find_case(connection: sqlite3.Connection, key: str, folder: Path) -> CaseRow:
    """Look a case up by its key; refuse an unknown one."""
    query = "SELECT id, grid, unit FROM cases WHERE key = ?"
    row = connection.execute(query, (key,)).fetchone()
    if row is None:
        raise UnknownEntryError(
            f"{folder}: the cohort has no case {key!r}. Add the image to the cohort first."
        )
    return CaseRow(row[0], parse_grid(row[1]), row[2])


def find_landmark(connection: sqlite3.Connection, name: str, folder: Path) -> int:
    """Look a landmark up by its name; refuse an unknown one."""
    query = "SELECT id FROM landmarks WHERE name = ? AND removed = 0"
    row = connection.execute(query, (clean_name(name, folder),)).fetchone()
    if row is None:
        raise UnknownEntryError(
            f"{folder}: the cohort has no landmark {name!r}. Add the landmark first."
        )
    return int(row[0])


def clean_name(name: str, folder: Path, what: str = "landmark") -> str:
    """Trim a name and bring it to Unicode's composed form; refuse an empty one.

    Line breaks and other control characters become spaces: no format that it goes to holds them.
    """
    plain = "".join(" " if unicodedata.category(c) == "Cc" else c for c in name)
    clean = unicodedata.normalize("NFC", plain).strip()
    if not clean:
        raise SettingsError(f"{folder}: a {what} needs a name. Type one.")
    return clean


def check_about(what: str, source: str, confidence: float | None, folder: Path) -> None:
    """Refuse a source that is none, and a confidence that is no share."""
    if source not in SOURCES:
        raise SettingsError(
            f"{folder}: the source of {what} is {source!r}. Give {', '.join(SOURCES)}."
        )
    if confidence is not None and not 0 <= confidence <= 1:
        raise SettingsError(
            f"{folder}: the confidence of {what} is {confidence}. Give a number from 0 to 1."
        )


def point_row(point: NewPoint, case: CaseRow, time: str, folder: Path) -> Row:
    """Check a new point and give its columns, in the order of `tables.POINTS`."""
    vox = _checked(point, point.point_vox, case.grid.ndim, folder)
    given = point.point_world
    if given is None:
        given = case.grid.voxel_to_world(vox).tolist()
    world = _checked(point, given, case.grid.ndim, folder)
    what = f"{point.landmark} in {point.case_key}"
    check_about(what, point.source, point.confidence, folder)
    none = (None,) * (3 - case.grid.ndim)
    confidence = None if point.confidence is None else float(point.confidence)
    about = (case.unit, point.source, confidence, point.model, point.author, time)
    return (*none, *vox, *world, *none, *about)


def label_row(label: NewLabel, time: str, folder: Path) -> Row:
    """Check a new label and give its columns, in the order of `tables.LABELS`."""
    value = label.value.strip()
    what = f"the label {label.name} of {label.case_key}"
    if not value:
        raise SettingsError(f"{folder}: {what} is empty. Give it a value, or delete it.")
    check_about(what, label.source, label.confidence, folder)
    confidence = None if label.confidence is None else float(label.confidence)
    return value, label.source, confidence, label.model, label.author, time


def _checked(
    point: NewPoint, values: Sequence[float], ndim: int, folder: Path
) -> tuple[float, ...]:
    numbers = tuple(float(v) for v in values)
    if len(numbers) != ndim or not all(math.isfinite(v) for v in numbers):
        raise SettingsError(
            f"{folder}: {point.landmark} in {point.case_key} is at {numbers}. "
            f"Give {ndim} finite coordinates."
        )
    return numbers


@lru_cache(maxsize=4096)
def parse_grid(text: str) -> Grid:
    """Read a grid as it stands in the table of cases."""
    return Grid.from_dict(json.loads(text))
