"""The points of a cohort: a person's, and predictions beside them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from medssl.cohort import journal
from medssl.cohort.lookup import find_case, find_landmark, point_row
from medssl.cohort.parts.corrections import change_found, keep_found
from medssl.cohort.parts.part import Part
from medssl.cohort.readings import say_anew
from medssl.cohort.records import Kind, NewPoint, Point, Source
from medssl.cohort.rows import POINTS, Which, describe, of_kind, point_from
from medssl.cohort.tables import POINTS as POINTS_TABLE
from medssl.cohort.tables import Row


class Points(Part):
    """Points of landmarks in images."""

    def set_point(
        self,
        case_key: str,
        landmark: str,
        point_vox: Sequence[float],
        point_world: Sequence[float] | None,
        source: Source,
        confidence: float | None = None,
        model: str | None = None,
        author: str | None = None,
    ) -> None:
        """Store one point; it is on the disk when this returns. See `NewPoint` and `set_points`."""
        self.set_points(
            [
                NewPoint(
                    case_key, landmark, point_vox, point_world, source, confidence, model, author
                )
            ]
        )

    def set_points(self, points: Sequence[NewPoint]) -> None:
        """Store many points in one transaction: all of them, or none if one is refused.

        A person's points (manual, corrected) replace the person's point before and are one
        action for undo; what another person had set there is kept as a second reading
        (`medssl.cohort.readings`), and what had been found in their place too (`Corrections`).
        Predictions replace predictions, and nothing else.

        Raises
        ------
        UnknownEntryError
            If a case or landmark is not in the cohort.
        SettingsError
            If a point has the wrong number of coordinates, or they are not finite.
        """
        with self._db.read() as connection:
            placed = self._placed(connection, points)
        predicted = [(*key, "predicted", *row) for key, row in placed["predicted"].items()]
        with self._db.write() as connection:
            connection.executemany(POINTS_TABLE.upsert, predicted)
            changes = []
            for key, row in placed["human"].items():
                changes += keep_found(connection, key)
                changes += say_anew(connection, POINTS_TABLE, key, row, self.path.stem)
            if changes:
                text = describe([p for p in points if p.source != "predicted"])
                journal.act(connection, text, changes)

    def delete_point(self, case_key: str, landmark: str, kind: Kind = "human") -> bool:
        """Delete a person's point (undo brings it back) or a prediction; False if there is none.

        The prediction beside a deleted point of a person stays.
        """
        with self._db.write() as connection:
            case = find_case(connection, case_key, self.path)
            key = (case.number, find_landmark(connection, landmark, self.path))
            if kind == "predicted":
                deleted = connection.execute(POINTS_TABLE.delete, (*key, kind)).rowcount
                return deleted > 0
            change = journal.replace(connection, POINTS_TABLE, key, None)
            if change.before is None:
                return False
            changes = [*change_found(connection, key, None), change]
            journal.act(connection, f"delete {landmark} in {case_key}", changes)
            return True

    def clear_predictions(self, landmark: str | None = None) -> int:
        """Delete the predictions of one landmark, or all of them; give their number."""
        with self._db.write() as connection:
            if landmark is None:
                query, values = "DELETE FROM points WHERE kind = 'predicted'", ()
                return connection.execute(query, values).rowcount
            number = find_landmark(connection, landmark, self.path)
            query = "DELETE FROM points WHERE kind = 'predicted' AND landmark_id = ?"
            return connection.execute(query, (number,)).rowcount

    def points(
        self,
        case_key: str | None = None,
        landmark: str | None = None,
        kind: Which = "effective",
    ) -> list[Point]:
        """Points of the cohort, by case and landmark in the order of their adding.

        Parameters
        ----------
        case_key, landmark
            Only of this case, only of this landmark.
        kind
            ``"effective"`` is the person's point where there is one and else the prediction,
            unless a person has rejected it;
            ``"human"``, ``"predicted"`` and ``"all"`` give the rows themselves.
        """
        query, values = POINTS, []
        with self._db.read() as connection:
            if case_key is not None:
                query += " AND p.case_id = ?"
                values.append(find_case(connection, case_key, self.path).number)
            if landmark is not None:
                query += " AND p.landmark_id = ?"
                values.append(find_landmark(connection, landmark, self.path))
            query += (
                of_kind(kind, "points", "landmark_id", "p")
                + " ORDER BY p.case_id, p.landmark_id, p.kind"
            )
            return [point_from(row) for row in connection.execute(query, values)]

    def _placed(
        self, connection: sqlite3.Connection, points: Sequence[NewPoint]
    ) -> dict[Kind, dict[tuple[int, int], Row]]:
        """Check the points and sort their rows by kind, case and landmark."""
        names, keys = {p.landmark for p in points}, {p.case_key for p in points}
        landmarks = {name: find_landmark(connection, name, self.path) for name in names}
        cases = {key: find_case(connection, key, self.path) for key in keys}
        time = journal.now()
        placed: dict[Kind, dict[tuple[int, int], Row]] = {"human": {}, "predicted": {}}
        for point in points:
            case = cases[point.case_key]
            kind: Kind = "predicted" if point.source == "predicted" else "human"
            key = (case.number, landmarks[point.landmark])
            placed[kind][key] = point_row(point, case, time, self.path)
        return placed
