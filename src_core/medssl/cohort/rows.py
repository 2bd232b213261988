"""Queries of the store, and what their rows become."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from medssl.cohort.journal import Row
from medssl.cohort.lookup import parse_grid
from medssl.cohort.records import CaseRecord, NewPoint, Point

POINTS = """
    SELECT c.key, l.name, p.kind, p.vox_z, p.vox_y, p.vox_x, p.world_x, p.world_y, p.world_z,
           p.unit, p.source, p.confidence, p.model, p.author, p.time
    FROM points p JOIN cases c ON c.id = p.case_id JOIN landmarks l ON l.id = p.landmark_id
    WHERE l.removed = 0
"""
EFFECTIVE = """
    AND (p.kind = 'human' OR NOT EXISTS (
        SELECT 1 FROM points h
        WHERE h.case_id = p.case_id AND h.landmark_id = p.landmark_id AND h.kind = 'human'))
"""
ADD_CASE = """
    INSERT INTO cases (key, path, fingerprint, grid, ndim, unit, modality)
    VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET
        changed = changed OR (fingerprint <> excluded.fingerprint
            AND EXISTS (SELECT 1 FROM points WHERE case_id = id AND kind = 'human')),
        path = excluded.path, fingerprint = excluded.fingerprint, grid = excluded.grid,
        ndim = excluded.ndim, unit = excluded.unit, modality = excluded.modality
"""
CASES = "SELECT key, path, fingerprint, grid, modality, changed FROM cases"


def case_record(row: Row) -> CaseRecord:
    """Give a row of `CASES` as a record."""
    key, path, fingerprint, grid, modality, changed = row
    return CaseRecord(key, Path(path), fingerprint, parse_grid(grid), modality, bool(changed))


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
