"""Queries of the store, and what their rows become."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from medssl.cohort.findings import Label, SegmentationRecord
from medssl.cohort.identity import code_of
from medssl.cohort.lookup import parse_grid
from medssl.cohort.places import real_files, real_path, stored_files, stored_path
from medssl.cohort.records import CaseRecord, NewCase, NewPoint, Point
from medssl.cohort.tables import Row

Which = Literal["effective", "human", "predicted", "all"]

POINTS = """
    SELECT c.key, l.name, p.kind, p.vox_z, p.vox_y, p.vox_x, p.world_x, p.world_y, p.world_z,
           p.unit, p.source, p.confidence, p.model, p.author, p.time
    FROM points p JOIN cases c ON c.id = p.case_id JOIN landmarks l ON l.id = p.landmark_id
    WHERE l.removed = 0
"""
ADD_CASE = """
    INSERT INTO cases (key, path, fingerprint, grid, ndim, unit, modality, name, files, number,
                       patient, study, flags)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET
        changed = changed OR (fingerprint <> excluded.fingerprint AND (
            EXISTS (SELECT 1 FROM points WHERE case_id = id AND kind = 'human')
            OR EXISTS (SELECT 1 FROM labels WHERE case_id = id AND kind = 'human')
            OR EXISTS (SELECT 1 FROM segmentations WHERE case_id = id AND kind = 'human'))),
        files = CASE WHEN excluded.files <> '' OR path <> excluded.path
            THEN excluded.files ELSE files END,
        number = CASE WHEN path <> excluded.path
            THEN excluded.number ELSE coalesce(excluded.number, number) END,
        path = excluded.path, fingerprint = excluded.fingerprint, grid = excluded.grid,
        ndim = excluded.ndim, unit = excluded.unit, modality = excluded.modality,
        name = CASE WHEN excluded.name <> '' THEN excluded.name ELSE name END,
        patient = CASE WHEN excluded.patient <> '' THEN excluded.patient ELSE patient END,
        study = CASE WHEN excluded.study <> '' THEN excluded.study ELSE study END,
        flags = CASE WHEN fingerprint <> excluded.fingerprint
            THEN excluded.flags ELSE coalesce(excluded.flags, flags) END
"""
CASES = """
    SELECT key, path, fingerprint, grid, modality, changed, name, files, number, patient, study,
           flags
    FROM cases
"""
LABELS = """
    SELECT c.key, l.name, l.kind, l.value, l.source, l.confidence, l.model, l.author, l.time
    FROM labels l JOIN cases c ON c.id = l.case_id
    WHERE 1
"""
SEGMENTATIONS = """
    SELECT c.key, s.name, s.kind, s.file, s.fingerprint, s.segments, s.source, s.model, s.author,
           s.time, s.confidence
    FROM segmentations s JOIN cases c ON c.id = s.case_id
    WHERE 1
"""


def of_kind(which: Which, table: str, key: str, alias: str) -> str:
    """Give the condition for the rows that `which` asks for.

    ``"effective"`` is a person's row where there is one, and else the prediction, unless a person
    has rejected it.
    """
    if which == "all":
        return ""
    if which != "effective":
        return f" AND {alias}.kind = '{'human' if which == 'human' else 'predicted'}'"
    return f"""
        AND ({alias}.kind = 'human' OR NOT EXISTS (
            SELECT 1 FROM {table} h
            WHERE h.case_id = {alias}.case_id AND h.{key} = {alias}.{key} AND h.kind = 'human')
        AND NOT EXISTS (
            SELECT 1 FROM rejections r WHERE r.what = '{table}'
            AND r.case_id = {alias}.case_id AND r.subject = {alias}.{key}))
    """  # noqa: S608 - constants


def case_record(row: Row, folder: Path) -> CaseRecord:
    """Give a row of `CASES` as a record."""
    key, text, fingerprint, grid, modality, changed, name, files, number, patient, study, flags = (
        row
    )
    path = real_path(folder, text)
    return CaseRecord(
        key, path, fingerprint, parse_grid(grid), modality, bool(changed), name or key,
        real_files(path, files), number, patient, study, not Path(text).is_absolute(),
        None if flags is None else tuple(json.loads(flags)),
    )  # fmt: skip


def case_row(new: NewCase, folder: Path, secret: str) -> Row:
    """Give a case as the columns of `ADD_CASE`; of the ids only their codes."""
    return (
        new.key,
        stored_path(folder, new.path),
        new.fingerprint,
        json.dumps(new.grid.to_dict()),
        new.grid.ndim,
        new.grid.unit,
        new.modality,
        "" if new.name == new.key else new.name,
        stored_files(Path(new.path), new.files),
        new.number,
        code_of("P", new.patient_id, secret),
        code_of("S", new.study_id, secret),
        None if new.flags is None else json.dumps(new.flags),
    )


def label_from(row: Row) -> Label:
    """Give a row of `LABELS` as a label."""
    return Label(*row)


def segmentation_from(row: Row, folder: Path) -> SegmentationRecord:
    """Give a row of `SEGMENTATIONS` as a record."""
    key, name, kind, file, fingerprint, segments, *about = row
    names = tuple(json.loads(segments))
    return SegmentationRecord(key, name, kind, real_path(folder, file), fingerprint, names, *about)


def point_from(row: Row) -> Point:
    """Give a row of `POINTS` as a point."""
    vox, world = (row[3:6], row[6:9]) if row[3] is not None else (row[4:6], row[6:8])
    return Point(row[0], row[1], row[2], vox, world, *row[9:])


def describe(points: Sequence[NewPoint]) -> str:
    """Say in words what placing these points was."""
    if len(points) > 1:
        return f"place {len(points)} points"
    (point,) = points
    verb = "correct" if point.source == "corrected" else "place"
    return f"{verb} {point.landmark} in {point.case_key}"
