"""What a person says of the predictions of a case: they are right, or they are wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from medssl.cohort import journal
from medssl.cohort.lookup import find_case, find_landmark
from medssl.cohort.parts.corrections import keep_found
from medssl.cohort.parts.part import Part
from medssl.cohort.tables import LABELS, POINTS, REJECTIONS, SEGMENTATIONS, Row, Table

_SUBJECT = {"points": "landmark_id", "labels": "name", "segmentations": "name"}


class Verdicts(Part):
    """Accept or reject what waits in a case, in one action that undo takes back.

    A rejected prediction is hidden, not deleted, so that undo can show it again. It stays hidden,
    also after it was predicted anew, until `search_anew` or undo. A person's point is shown
    whatever was rejected.
    """

    def accept(self, case_key: str, author: str | None = None) -> int:
        """Take all predictions that wait in a case as a person's own; give their number.

        Each keeps its confidence, so that it is told from one that a person placed.
        """
        with self._db.write() as connection:
            waiting, case = self._waiting(connection, case_key)
            changes: list[journal.Change] = []
            for table, subject, row in waiting:
                key = (case, subject)
                changes += keep_found(connection, key) if table is POINTS else []
                said = _accepted(table, row, author)
                changes.append(journal.replace(connection, table, key, said))
            if changes:
                journal.act(connection, f"accept {_things(len(waiting))} in {case_key}", changes)
        return len(waiting)

    def reject(self, case_key: str, author: str | None = None) -> int:
        """Take all predictions that wait in a case away; give their number."""
        with self._db.write() as connection:
            waiting, case = self._waiting(connection, case_key)
            row = (author, journal.now())
            changes = [
                journal.replace(connection, REJECTIONS, (table.name, case, subject), row)
                for table, subject, _ in waiting
            ]
            if changes:
                journal.act(connection, f"reject {_things(len(changes))} in {case_key}", changes)
        return len(changes)

    def waiting_confidences(self) -> list[float]:
        """Confidence of each predicted point that waits for a person."""
        query = """
            SELECT x.confidence FROM points x JOIN landmarks l ON l.id = x.landmark_id
            WHERE x.kind = 'predicted' AND l.removed = 0 AND x.confidence IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM points h WHERE h.case_id = x.case_id
                AND h.landmark_id = x.landmark_id AND h.kind = 'human')
            AND NOT EXISTS (SELECT 1 FROM rejections r WHERE r.what = 'points'
                AND r.case_id = x.case_id AND r.subject = x.landmark_id)
        """
        with self._db.read() as connection:
            return [float(sure) for (sure,) in connection.execute(query)]

    def rejected_points(self) -> set[tuple[str, str]]:
        """Case and landmark of the points whose prediction was rejected."""
        query = """
            SELECT c.key, l.name FROM rejections r
            JOIN cases c ON c.id = r.case_id JOIN landmarks l ON l.id = r.subject
            WHERE r.what = 'points' AND l.removed = 0
        """
        with self._db.read() as connection:
            return {(str(key), str(name)) for key, name in connection.execute(query)}

    def search_anew(self, landmarks: Sequence[str]) -> int:
        """Let predictions of these landmarks show where they were rejected; give their number."""
        query = "SELECT case_id FROM rejections WHERE what = 'points' AND subject = ?"
        with self._db.write() as connection:
            numbers = [find_landmark(connection, name, self.path) for name in landmarks]
            changes = [
                journal.replace(connection, REJECTIONS, ("points", case, number), None)
                for number in numbers
                for (case,) in connection.execute(query, (number,)).fetchall()
            ]
            if changes:
                text = f"search where {_things(len(changes))} had been rejected"
                journal.act(connection, text, changes)
        return len(changes)

    def _waiting(
        self, connection: sqlite3.Connection, case_key: str
    ) -> tuple[list[tuple[Table, int | str, Row]], int]:
        """Rows of the predictions of a case that a person has said nothing about."""
        case = find_case(connection, case_key, self.path).number
        found: list[tuple[Table, int | str, Row]] = []
        for table in (POINTS, LABELS, SEGMENTATIONS):
            query = waiting_query(table, _SUBJECT[table.name])
            for subject, *row in connection.execute(query, (case,)):
                found.append((table, subject, tuple(row)))
        return found, case


def waiting_query(table: Table, subject: str) -> str:
    """Give the query for the waiting predictions of one case."""
    shown = ""
    if table is POINTS:
        shown = "AND x.landmark_id IN (SELECT id FROM landmarks WHERE removed = 0)"
    return f"""
        SELECT x.{subject}, {", ".join(table.columns)} FROM {table.name} x
        WHERE x.case_id = ? AND x.kind = 'predicted' {shown}
        AND NOT EXISTS (SELECT 1 FROM {table.name} h WHERE h.case_id = x.case_id
            AND h.{subject} = x.{subject} AND h.kind = 'human')
        AND NOT EXISTS (SELECT 1 FROM rejections r WHERE r.what = '{table.name}'
            AND r.case_id = x.case_id AND r.subject = x.{subject})
    """  # noqa: S608 - constants


def _accepted(table: Table, row: Row, author: str | None) -> Row:
    """Give the person's row for a prediction that is right."""
    said = dict(zip(table.columns, row, strict=True))
    said |= {"source": "manual", "model": None, "author": author, "time": journal.now()}
    return tuple(said[column] for column in table.columns)


def _things(number: int) -> str:
    return f"{number} prediction{'' if number == 1 else 's'}"
