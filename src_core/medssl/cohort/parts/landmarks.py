"""The landmarks of a cohort: what its points are points of."""

from __future__ import annotations

import sqlite3

from medssl.cohort import journal
from medssl.cohort.errors import LandmarkExistsError
from medssl.cohort.journal import Change
from medssl.cohort.lookup import clean_name, find_landmark
from medssl.cohort.parts.part import Part
from medssl.cohort.records import LandmarkRecord, Side
from medssl.cohort.tables import Row


class Landmarks(Part):
    """Definitions of landmarks."""

    def add_landmark(
        self, name: str, text: str = "", colour: str | None = None, side: Side | None = None
    ) -> LandmarkRecord:
        """Define a landmark.

        Raises
        ------
        LandmarkExistsError
            If there is one of that name.
        """
        name = clean_name(name, self.path)
        with self._db.write() as connection:
            self._refuse_taken(connection, name)
            hidden: Row = (name, text, colour, side, 1)
            number = connection.execute(
                "INSERT INTO landmarks (name, text, colour, side, removed) VALUES (?, ?, ?, ?, ?)",
                hidden,
            ).lastrowid
            assert number is not None
            change = Change("landmarks", (number,), hidden, (*hidden[:-1], 0))
            journal.act(connection, f"add landmark {name}", [change])
        return LandmarkRecord(name, text, colour, side)

    def rename_landmark(self, name: str, new_name: str) -> None:
        """Give a landmark another name; its points stay with it."""
        new_name = clean_name(new_name, self.path)
        with self._db.write() as connection:
            number, row = self._landmark_row(connection, name)
            if new_name == row[0]:
                return
            self._refuse_taken(connection, new_name)
            change = Change("landmarks", (number,), row, (new_name, *row[1:]))
            journal.act(connection, f"rename landmark {row[0]} to {new_name}", [change])

    def remove_landmark(self, name: str) -> None:
        """Take a landmark and its points out of the cohort; undo brings them back."""
        with self._db.write() as connection:
            number, row = self._landmark_row(connection, name)
            change = Change("landmarks", (number,), row, (*row[:-1], 1))
            journal.act(connection, f"remove landmark {row[0]}", [change])

    def landmarks(self) -> list[LandmarkRecord]:
        """All landmarks, in the order in which they were defined."""
        query = "SELECT name, text, colour, side FROM landmarks WHERE removed = 0 ORDER BY id"
        with self._db.read() as connection:
            return [LandmarkRecord(*row) for row in connection.execute(query)]

    def _landmark_row(self, connection: sqlite3.Connection, name: str) -> tuple[int, Row]:
        number = find_landmark(connection, name, self.path)
        query = "SELECT name, text, colour, side, removed FROM landmarks WHERE id = ?"
        row: Row = connection.execute(query, (number,)).fetchone()
        return number, row

    def _refuse_taken(self, connection: sqlite3.Connection, name: str) -> None:
        query = "SELECT 1 FROM landmarks WHERE name = ? AND removed = 0"
        if connection.execute(query, (name,)).fetchone():
            raise LandmarkExistsError(
                f"{self.path}: there is a landmark {name!r} already. Choose another name."
            )
