"""Second readings: what another annotator said where the cohort holds something else."""

from __future__ import annotations

import json
import sqlite3

from medssl.cohort import journal
from medssl.cohort.errors import UnknownEntryError
from medssl.cohort.findings import Alternative
from medssl.cohort.parts.part import Part
from medssl.cohort.readings import keep_alternative
from medssl.cohort.tables import ALTERNATIVES, TABLES, Row

_QUERY = """
    SELECT a.what, c.key, coalesce(l.name, a.subject), a.mark, a.origin, a.content
    FROM alternatives a JOIN cases c ON c.id = a.case_id
    LEFT JOIN landmarks l ON a.what = 'points' AND l.id = a.subject
    WHERE l.removed IS NOT 1
    ORDER BY a.case_id, a.what, a.subject, a.mark
"""


class Alternatives(Part):
    """Second readings, kept until a person has decided."""

    def alternatives(self) -> list[Alternative]:
        """All second readings, by case."""
        with self._db.read() as connection:
            rows = connection.execute(_QUERY).fetchall()
        found = []
        for what, key, name, mark, origin, content in rows:
            row = tuple(json.loads(content))
            said = dict(zip(TABLES[what].columns, row, strict=True))
            found.append(
                Alternative(what, key, name, mark, origin, said["author"], said["time"], row)
            )
        return found

    def take_alternative(self, alternative: Alternative) -> None:
        """Put a second reading in the place of the cohort's; that becomes the second. Undoable."""
        with self._db.write() as connection:
            key, row = self._find(connection, alternative)
            table = TABLES[alternative.what]
            change = journal.replace(connection, table, key[1:3], alternative.found)
            changes = [journal.replace(connection, ALTERNATIVES, key, None), change]
            if change.before is not None:
                kept = keep_alternative(connection, table, key[1:3], change.before, row[0])
                changes += [kept] if kept else []
            text = f"take the other {alternative.name} in {alternative.case_key}"
            journal.act(connection, text, changes)

    def drop_alternative(self, alternative: Alternative) -> None:
        """Decide against a second reading; undo brings it back."""
        with self._db.write() as connection:
            key, _ = self._find(connection, alternative)
            change = journal.replace(connection, ALTERNATIVES, key, None)
            text = f"drop the other {alternative.name} in {alternative.case_key}"
            journal.act(connection, text, [change])

    def _find(self, connection: sqlite3.Connection, wanted: Alternative) -> tuple[Row, Row]:
        query = """
            SELECT a.what, a.case_id, a.subject, a.mark, a.origin FROM alternatives a
            JOIN cases c ON c.id = a.case_id
            LEFT JOIN landmarks l ON a.what = 'points' AND l.id = a.subject
            WHERE a.what = ? AND c.key = ? AND coalesce(l.name, a.subject) = ? AND a.mark = ?
            AND l.removed IS NOT 1
        """
        values = (wanted.what, wanted.case_key, wanted.name, wanted.mark)
        row = connection.execute(query, values).fetchone()
        if row is None:
            raise UnknownEntryError(
                f"{self.path}: there is no other {wanted.name} in {wanted.case_key} any more. "
                "Read the second readings again."
            )
        return row[:4], row[4:]
