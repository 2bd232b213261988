"""The images of a cohort."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from medssl.cohort.identity import read_secret
from medssl.cohort.lookup import find_case
from medssl.cohort.parts.part import Part
from medssl.cohort.records import CaseRecord, NewCase
from medssl.cohort.rows import ADD_CASE, CASES, case_record, case_row
from medssl.geometry import Grid


class Cases(Part):
    """Images that the cohort refers to where they lie."""

    def add_case(
        self, key: str, path: str | Path, fingerprint: str, grid: Grid, modality: str = ""
    ) -> CaseRecord:
        """Add an image, or bring an image of that key up to date; see `add_cases`."""
        self.add_cases([NewCase(key, Path(path), fingerprint, grid, modality)])
        return self.case(key)

    def add_cases(self, cases: Sequence[NewCase]) -> None:
        """Add many images in one transaction.

        Where a key is there already, its path, fingerprint and geometry are brought up to date
        and what was said about it stays; the case is marked as changed where a person had worked
        on other content. Of the ids of patient and study only codes are stored.
        """
        with self._db.write() as connection:
            self._insert(connection, cases)

    def cases(self) -> list[CaseRecord]:
        """All cases, in the order in which they were added."""
        with self._db.read() as connection:
            found = connection.execute(f"{CASES} ORDER BY id")
            return [case_record(row, self.path) for row in found]

    def case(self, key: str) -> CaseRecord:
        """One case; `UnknownEntryError` if there is none of that key."""
        with self._db.read() as connection:
            find_case(connection, key, self.path)
            row = connection.execute(f"{CASES} WHERE key = ?", (key,)).fetchone()
            return case_record(row, self.path)

    def mark_changed(self, keys: Sequence[str]) -> None:
        """Flag cases whose file is no longer what it was when it was added."""
        with self._db.write() as connection:
            connection.executemany(
                "UPDATE cases SET changed = 1 WHERE key = ?", [(key,) for key in keys]
            )

    def accept_change(self, new: NewCase) -> CaseRecord:
        """Take the file of a flagged case as it is now; what was said about it stays."""
        with self._db.write() as connection:
            find_case(connection, new.key, self.path)
            self._insert(connection, [new])
            connection.execute("UPDATE cases SET changed = 0 WHERE key = ?", (new.key,))
        return self.case(new.key)

    def _insert(self, connection: sqlite3.Connection, cases: Sequence[NewCase]) -> None:
        secret = read_secret(connection)
        rows = [case_row(new, self.path, secret) for new in cases]
        connection.executemany(ADD_CASE, rows)
