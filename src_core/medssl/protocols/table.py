"""Measurements as a table, one line a case and measurement."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from medssl.cohort import CaseRecord
from medssl.io._atomic import refuse_existing, write_text
from medssl.protocols.measuring import Measured

HEADER = (
    "image", "patient", "measurement", "value", "unit", "uncertainty", "points", "confidence",
    "warning", "problem", "definition",
)  # fmt: skip
UNITS = {"mm": "mm", "px": "px", "deg": "°", "1": ""}


def table_rows(measured: Sequence[tuple[CaseRecord, Sequence[Measured]]]) -> list[list[str]]:
    """Give the table as texts, its header first.

    ``uncertainty`` is one standard deviation in the measurement's unit; ``points`` says whether a
    person has placed or accepted all points, ``confidence`` is the lowest of the predicted ones.
    """
    rows = [list(HEADER)]
    for case, found in measured:
        rows += rows_of(case.name, case.patient, found)
    return rows


def rows_of(image: str, patient: str, found: Sequence[Measured]) -> list[list[str]]:
    """Give the lines of one case."""
    return [_row(image, patient, one) for one in found]


def as_csv(rows: Sequence[Sequence[str]]) -> str:
    """Give a table as the text of a CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def write_table(
    path: Path, measured: Sequence[tuple[CaseRecord, Sequence[Measured]]], overwrite: bool = False
) -> None:
    """Write the table as a CSV.

    Raises
    ------
    FileRefusedError
        If there is such a file already and `overwrite` is False.
    StorageError
        If it cannot be written.
    """
    refuse_existing(path, overwrite)
    with write_text(path) as file:
        file.write(as_csv(table_rows(measured)))


def _row(image: str, patient: str, one: Measured) -> list[str]:
    found = one.found
    value = unit = uncertainty = warning = ""
    if found is not None:
        value, unit, warning = f"{found.value:.4f}", UNITS[found.unit], found.warning
        uncertainty = "" if found.uncertainty is None else f"{found.uncertainty:.4f}"
    points = "" if found is None else ("by person" if one.by_person else "predicted")
    confidence = "" if one.confidence is None else f"{one.confidence:.4f}"
    return [
        image, patient, one.definition.name, value, unit, uncertainty, points, confidence,
        warning, one.problem, one.definition.text,
    ]  # fmt: skip
