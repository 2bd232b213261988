"""A cohort at a glance."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass

from medssl.cohort.overview import CaseSummary, State
from medssl.cohort.parts.part import Part

_WAITING = """
    SELECT x.case_id, count(*), min(x.confidence) FROM {table} x {join}
    WHERE x.kind = 'predicted' AND NOT EXISTS (
        SELECT 1 FROM {table} h
        WHERE h.case_id = x.case_id AND h.{key} = x.{key} AND h.kind = 'human')
    AND NOT EXISTS (
        SELECT 1 FROM rejections r
        WHERE r.what = '{table}' AND r.case_id = x.case_id AND r.subject = x.{key}) {shown}
    GROUP BY x.case_id
"""
_DONE = """
    SELECT x.case_id, count(*), NULL FROM {table} x {join} WHERE x.kind = 'human' {shown}
    GROUP BY x.case_id
"""
_REJECTED = """
    SELECT case_id FROM rejections WHERE what <> 'points'
    OR subject IN (SELECT id FROM landmarks WHERE removed = 0)
"""
_TABLES = (("points", "landmark_id"), ("labels", "name"), ("segmentations", "name"))


@dataclass(frozen=True)
class PointCounts:
    """Points of one landmark that hold, by their source."""

    landmark: str
    manual: int
    corrected: int
    predicted: int


class Glance(Part):
    """Summaries for tables and galleries."""

    def overview(self) -> list[CaseSummary]:
        """One row a case, in the order of their adding; sort and filter it in memory."""
        with self._db.read() as connection:
            done, waiting, surest = Counter[int](), Counter[int](), dict[int, float]()
            for table, key in _TABLES:
                for case, count, _ in connection.execute(_query(_DONE, table, key)):
                    done[case] += count
                for case, count, least in connection.execute(_query(_WAITING, table, key)):
                    waiting[case] += count
                    if least is not None:
                        surest[case] = min(least, surest.get(case, 1.0))
            labels = _labels(connection)
            seconds: dict[int, int] = dict(
                connection.execute("SELECT case_id, count(*) FROM alternatives GROUP BY case_id")
            )
            rejected = {case for (case,) in connection.execute(_REJECTED)}
            rows = connection.execute(
                "SELECT id, key, name, modality, patient, study, changed FROM cases ORDER BY id"
            ).fetchall()
        return [
            CaseSummary(
                key, name or key, modality, patient, study, bool(changed),
                _state(done[case] + (case in rejected), waiting[case]), done[case], waiting[case],
                surest.get(case),
                labels.get(case, {}), seconds.get(case, 0),
            )
            for case, key, name, modality, patient, study, changed in rows
        ]  # fmt: skip

    def point_counts(self) -> list[PointCounts]:
        """Count the points that hold, landmark by landmark."""
        counts = {name: Counter[str]() for name in self._landmark_names()}
        query = """
            SELECT l.name, p.source, count(*)
            FROM points p JOIN landmarks l ON l.id = p.landmark_id
            WHERE l.removed = 0 AND (p.kind = 'human' OR NOT EXISTS (
                SELECT 1 FROM points h WHERE h.case_id = p.case_id
                AND h.landmark_id = p.landmark_id AND h.kind = 'human')
                AND NOT EXISTS (
                SELECT 1 FROM rejections r WHERE r.what = 'points' AND r.case_id = p.case_id
                AND r.subject = p.landmark_id))
            GROUP BY l.id, p.source
        """
        with self._db.read() as connection:
            for name, source, count in connection.execute(query):
                counts[name][source] += count
        return [
            PointCounts(name, found["manual"], found["corrected"], found["predicted"])
            for name, found in counts.items()
        ]

    def _landmark_names(self) -> list[str]:
        query = "SELECT name FROM landmarks WHERE removed = 0 ORDER BY id"
        with self._db.read() as connection:
            return [str(name) for (name,) in connection.execute(query)]


def _query(template: str, table: str, key: str) -> str:
    points = table == "points"
    return template.format(
        table=table,
        key=key,
        join="JOIN landmarks l ON l.id = x.landmark_id" if points else "",
        shown="AND l.removed = 0" if points else "",
    )


def _labels(connection: sqlite3.Connection) -> dict[int, dict[str, str]]:
    """Read the labels of each case; a person's comes last and so takes the place."""
    found: dict[int, dict[str, str]] = {}
    query = """
        SELECT case_id, name, value FROM labels
        WHERE kind = 'human' OR NOT EXISTS (SELECT 1 FROM rejections r
            WHERE r.what = 'labels' AND r.case_id = labels.case_id AND r.subject = labels.name)
        ORDER BY kind DESC
    """
    for case, name, value in connection.execute(query):
        found.setdefault(case, {})[name] = value
    return found


def _state(done: int, waiting: int) -> State:
    if waiting:
        return "predicted"
    return "reviewed" if done else "to do"
