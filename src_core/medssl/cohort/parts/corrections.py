"""What had been found where a person's point stands now, so that errors can be told later.

A person sees a prediction and moves or accepts it. What was found is written down with the
person's point, since later predictions replace the one that was seen. It is a part of the same
action: undo takes both back.
"""

from __future__ import annotations

import math
import sqlite3

from medssl.cohort import journal
from medssl.cohort.journal import Change
from medssl.cohort.lookup import find_landmark, parse_grid
from medssl.cohort.parts.part import Part
from medssl.cohort.records import Correction
from medssl.cohort.tables import FOUND, POINTS, Row

_CORRECTIONS = """
    SELECT c.key, l.name, c.grid, f.vox_z, f.vox_y, f.vox_x, p.vox_z, p.vox_y, p.vox_x,
           f.confidence, f.model, p.source, p.author, p.time
    FROM found f
    JOIN points p ON p.case_id = f.case_id AND p.landmark_id = f.landmark_id AND p.kind = 'human'
    JOIN cases c ON c.id = f.case_id JOIN landmarks l ON l.id = f.landmark_id
    WHERE l.removed = 0
"""


def keep_found(connection: sqlite3.Connection, key: Row) -> list[Change]:
    """Give the change that keeps what a person has seen before placing a point; none if nothing.

    The first point of a person answers a prediction; one that moves the person's own does not.
    """
    if connection.execute(POINTS.select, POINTS.human(key)).fetchone() is not None:
        return []
    query = f"SELECT {', '.join(FOUND.columns)} FROM points"  # noqa: S608 - constants
    query += " WHERE case_id = ? AND landmark_id = ? AND kind = 'predicted'"
    seen: Row | None = connection.execute(query, key).fetchone()
    return change_found(connection, key, seen)


def change_found(connection: sqlite3.Connection, key: Row, row: Row | None) -> list[Change]:
    """Give the change that makes what had been found what `row` says; none if it does already."""
    change = journal.replace(connection, FOUND, key, row)
    return [] if change.before == change.after else [change]


class Corrections(Part):
    """Predictions that a person has answered."""

    def corrections(self, landmark: str | None = None) -> list[Correction]:
        """Points of a person in whose place something had been found, by case and landmark.

        Parameters
        ----------
        landmark
            Only of this landmark.

        Raises
        ------
        UnknownEntryError
            If there is no such landmark.
        """
        query, values = _CORRECTIONS, []
        with self._db.read() as connection:
            if landmark is not None:
                query += " AND f.landmark_id = ?"
                values.append(find_landmark(connection, landmark, self.path))
            query += " ORDER BY f.case_id, f.landmark_id"
            return [_correction(row) for row in connection.execute(query, values)]


def _correction(row: Row) -> Correction:
    grid = parse_grid(row[2])
    found, placed = row[3:6][-grid.ndim :], row[6:9][-grid.ndim :]
    worlds = [tuple(grid.voxel_to_world(vox).tolist()) for vox in (found, placed)]
    return Correction(
        row[0], row[1], found, worlds[0], placed, worlds[1], row[9], row[10],
        math.dist(*worlds), grid.unit, *row[11:],
    )  # fmt: skip
