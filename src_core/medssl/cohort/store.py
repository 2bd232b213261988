"""The cohort: images, landmark definitions and points, in a folder that loses nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from medssl.cohort import journal
from medssl.cohort.connections import Connections
from medssl.cohort.errors import (
    LandmarkExistsError,
)
from medssl.cohort.journal import Change, Row
from medssl.cohort.lookup import clean_name, find_case, find_landmark, point_row
from medssl.cohort.opening import check_folder, connect, make_folder
from medssl.cohort.records import (
    CaseRecord,
    Kind,
    LandmarkRecord,
    NewCase,
    NewPoint,
    Point,
    Side,
    Source,
)
from medssl.cohort.rows import ADD_CASE, CASES, EFFECTIVE, POINTS, case_record, describe, point_from
from medssl.geometry import Grid


class Cohort:
    """A folder ``<name>.medssl`` with what people and models have said about a set of images.

    Each action of a person is one transaction, on the disk when the call returns, and can be
    undone and redone in this session or a later one. A prediction lies beside a person's point,
    never over it, and is not part of undo. The calls may come from any thread.

    Make one with `create` or `open`; close it with `close` or use it in a ``with`` block.

    Attributes
    ----------
    path
        The cohort's folder.
    """

    def __init__(self, path: Path, connections: Connections) -> None:
        self.path = path
        self._db = connections

    @classmethod
    def create(cls, folder: str | Path) -> Cohort:
        """Make an empty cohort; ``.medssl`` is appended to the folder's name if it is not there.

        Raises
        ------
        CohortError
            If there is a cohort already.
        CohortStorageError
            If the folder cannot be written.
        """
        path = make_folder(Path(folder).absolute())
        return cls(path, connect(path))

    @classmethod
    def open(cls, folder: str | Path) -> Cohort:
        """Open a cohort; an older schema is brought up to date first.

        Raises
        ------
        NotACohortError
            If the folder holds no cohort.
        CohortVersionError
            If a newer medssl has written it.
        CohortDamagedError
            If the database is damaged.
        CohortLockedError, CohortStorageError
            If another program holds it, or it cannot be written.
        """
        path = Path(folder).absolute()
        check_folder(path)
        return cls(path, connect(path))

    def close(self) -> None:
        """Close the cohort; call it when no other thread is using it."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- cases

    def add_case(
        self, key: str, path: str | Path, fingerprint: str, grid: Grid, modality: str = ""
    ) -> CaseRecord:
        """Add an image, or bring an image of that key up to date; see `add_cases`."""
        self.add_cases([NewCase(key, Path(path), fingerprint, grid, modality)])
        return self.case(key)

    def add_cases(self, cases: Sequence[NewCase]) -> None:
        """Add many images in one transaction.

        Where a key is there already, its path, fingerprint and geometry are brought up to date
        and its points stay; the case is marked as changed where a person's point was set on
        other content.
        """
        rows = [
            (
                new.key,
                str(Path(new.path).absolute()),
                new.fingerprint,
                json.dumps(new.grid.to_dict()),
                new.grid.ndim,
                new.grid.unit,
                new.modality,
            )
            for new in cases
        ]
        with self._db.write() as connection:
            connection.executemany(ADD_CASE, rows)

    def cases(self) -> list[CaseRecord]:
        """All cases, in the order in which they were added."""
        with self._db.read() as connection:
            return [case_record(row) for row in connection.execute(f"{CASES} ORDER BY id")]

    def case(self, key: str) -> CaseRecord:
        """One case; `UnknownEntryError` if there is none of that key."""
        with self._db.read() as connection:
            find_case(connection, key, self.path)
            return case_record(connection.execute(f"{CASES} WHERE key = ?", (key,)).fetchone())

    # --- landmarks

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

    # --- points

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
        action for undo. Predictions replace predictions, and nothing else.

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
            connection.executemany(journal.UPSERT_POINT, predicted)
            changes = [
                Change("points", key, connection.execute(journal.SELECT_POINT, key).fetchone(), row)
                for key, row in placed["human"].items()
            ]
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
                deleted = connection.execute(journal.DELETE_POINT, (*key, kind)).rowcount
                return deleted > 0
            before = connection.execute(journal.SELECT_POINT, key).fetchone()
            if before is None:
                return False
            change = Change("points", key, before, None)
            journal.act(connection, f"delete {landmark} in {case_key}", [change])
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
        kind: Literal["effective", "human", "predicted", "all"] = "effective",
    ) -> list[Point]:
        """Points of the cohort, by case and landmark in the order of their adding.

        Parameters
        ----------
        case_key, landmark
            Only of this case, only of this landmark.
        kind
            ``"effective"`` is the person's point where there is one and else the prediction;
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
            if kind == "effective":
                query += EFFECTIVE
            elif kind != "all":
                query += f" AND p.kind = '{'human' if kind == 'human' else 'predicted'}'"
            query += " ORDER BY p.case_id, p.landmark_id, p.kind"
            return [point_from(row) for row in connection.execute(query, values)]

    # --- undo and redo

    def undo(self) -> str | None:
        """Take back the person's last action; give what it was, None if there is nothing."""
        with self._db.write() as connection:
            return journal.undo(connection)

    def redo(self) -> str | None:
        """Do again what was undone last; give what it was, None if there is nothing."""
        with self._db.write() as connection:
            return journal.redo(connection)

    def next_undo(self) -> str | None:
        """Say what `undo` would take back; None if nothing."""
        with self._db.read() as connection:
            return journal.next_undo(connection)

    def next_redo(self) -> str | None:
        """Say what `redo` would do again; None if nothing."""
        with self._db.read() as connection:
            return journal.next_redo(connection)

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
