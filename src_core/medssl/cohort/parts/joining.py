"""All that another cohort holds, joined to this one in a single transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from medssl.cohort import journal
from medssl.cohort.findings import Alternative, Label, ModelRun, SegmentationRecord
from medssl.cohort.journal import Change
from medssl.cohort.parts.cases import Cases
from medssl.cohort.parts.corrections import change_found
from medssl.cohort.parts.runs import insert_run, run_rows
from medssl.cohort.readings import Conflict, conflict_of, keep_alternative, meet
from medssl.cohort.records import Correction, LandmarkRecord, NewCase, Point
from medssl.cohort.segmentation_files import adopt_file
from medssl.cohort.tables import LABELS, POINTS, SEGMENTATIONS, Row, Table


@dataclass(frozen=True)
class Content:
    """What another cohort holds, with the keys that its cases have here.

    Parameters
    ----------
    origin
        Name of the other cohort.
    cases
        Cases that are new here.
    codes
        By key of a new case: the other's codes of patient and study, where the source cannot
        be asked for its ids.
    keys
        Key in the other cohort to key here.
    landmarks, points, labels, segmentations, alternatives, runs, corrections
        As the other cohort gives them, of a person and predicted.
    """

    origin: str
    cases: Sequence[NewCase]
    codes: Mapping[str, tuple[str, str]]
    keys: Mapping[str, str]
    landmarks: Sequence[LandmarkRecord]
    points: Sequence[Point]
    labels: Sequence[Label]
    segmentations: Sequence[SegmentationRecord]
    alternatives: Sequence[Alternative]
    runs: Sequence[ModelRun]
    corrections: Sequence[Correction]


@dataclass(frozen=True)
class Joined:
    """What became of another cohort's content: numbers, and where two people differ."""

    taken: int
    same: int
    predictions: int
    conflicts: tuple[Conflict, ...]


class Joining(Cases):
    """Takes in another cohort."""

    def join(self, content: Content) -> Joined:
        """Take what another cohort holds; one action for undo (the cases and predictions stay)."""
        with self._db.write() as connection:
            self._insert(connection, content.cases)
            connection.executemany(
                "UPDATE cases SET patient = ?, study = ? WHERE key = ?",
                [(*codes, key) for key, codes in content.codes.items()],
            )
            work = _Joining(connection, self.path, content)
            work.landmarks()
            work.runs()
            for table, case, name, key, row, predicted in work.rows():
                if predicted:
                    work.take_prediction(table, key, row)
                else:
                    work.meet(table, case, name, key, row)
            work.second_readings()
            if work.changes:
                journal.write_down(connection, f"merge with {content.origin}", work.changes)
        counts = work.counts
        return Joined(counts["new"], counts["same"], counts["predicted"], tuple(work.conflicts))


class _Joining:
    """The state of one join."""

    def __init__(self, connection: sqlite3.Connection, folder: Path, content: Content) -> None:
        self.changes: list[Change] = []
        self.conflicts: list[Conflict] = []
        self.counts = {"new": 0, "same": 0, "second": 0, "predicted": 0}
        self._db, self._folder, self._content = connection, folder, content
        here: dict[str, int] = dict(connection.execute("SELECT key, id FROM cases"))
        self._cases = {other: here[key] for other, key in content.keys.items()}
        self._landmarks: dict[str, int] = {}
        self._found = {(one.case_key, one.landmark): one for one in content.corrections}

    def landmarks(self) -> None:
        """Define the landmarks that are not here yet; those of one name are one."""
        query = "SELECT name, id FROM landmarks WHERE removed = 0"
        self._landmarks = dict(self._db.execute(query))
        for one in self._content.landmarks:
            if one.name in self._landmarks:
                continue
            hidden: Row = (one.name, one.text, one.colour, one.side, 1)
            number = self._db.execute(
                "INSERT INTO landmarks (name, text, colour, side, removed) VALUES (?, ?, ?, ?, ?)",
                hidden,
            ).lastrowid
            assert number is not None
            self._landmarks[one.name] = number
            self._make(Change("landmarks", (number,), hidden, (*hidden[:-1], 0)))

    def runs(self) -> None:
        """Write down the runs that are not here yet."""
        known = set(run_rows(self._db))
        for run in self._content.runs:
            insert_run(self._db, run, known)

    def rows(self) -> Iterator[tuple[Table, str, str, Row, Row, bool]]:
        """Give every row of the other cohort as it would stand here."""
        content = self._content
        for point in content.points:
            none = (None,) * (3 - len(point.point_vox))
            about = (point.unit, point.source, point.confidence, point.model, point.author)
            row: Row = (*none, *point.point_vox, *point.point_world, *none, *about, point.time)
            key: Row = (self._cases[point.case_key], self._landmarks[point.landmark])
            yield POINTS, point.case_key, point.landmark, key, row, point.kind == "predicted"
        for label in content.labels:
            key = (self._cases[label.case_key], label.name)
            yield LABELS, label.case_key, label.name, key, label[3:], label.kind == "predicted"
        for one in content.segmentations:
            if not one.file.is_file():
                continue  # told by the caller
            query = "SELECT file FROM segmentations WHERE fingerprint = ?"
            known = self._db.execute(query, (one.fingerprint,)).fetchone()
            row = adopt_file(self._folder, one, known[0] if known else None)
            key = (self._cases[one.case_key], one.name)
            yield SEGMENTATIONS, one.case_key, one.name, key, row, one.kind == "predicted"

    def meet(self, table: Table, case: str, name: str, key: Row, row: Row) -> None:
        """Take a person's row by the rule of `medssl.cohort.readings`."""
        outcome, change, held = meet(self._db, table, key, row, self._content.origin)
        self.counts[outcome] += 1
        if change is not None:
            self._make(change)
        if outcome == "new" and table is POINTS:
            self._take_found(case, name, key)
        if outcome == "second" and held is not None:
            here = self._content.keys[case]
            self.conflicts.append(conflict_of(table, here, name, held, row))

    def _take_found(self, case: str, name: str, key: Row) -> None:
        """Keep what had been found where the other person's point stands."""
        one = self._found.get((case, name))
        none = (None,) * (3 - len(one.found_vox)) if one is not None else ()
        row = one and (*none, *one.found_vox, one.confidence, one.model)
        for change in change_found(self._db, key, row):
            self._make(change)

    def take_prediction(self, table: Table, key: Row, row: Row) -> None:
        """Take a prediction where there is none, or an older one."""
        held = self._db.execute(table.select, (*key, "predicted")).fetchone()
        time = table.columns.index("time")
        if held is None or held[time] < row[time]:
            self._db.execute(table.upsert, (*key, "predicted", *row))
            self.counts["predicted"] += 1

    def second_readings(self) -> None:
        """Keep the other cohort's own second readings as such."""
        tables = {table.name: table for table in (POINTS, LABELS)}
        for one in self._content.alternatives:
            table = tables.get(one.what)
            if table is None:
                continue  # the file of a second segmentation stays in the other cohort
            name = self._landmarks[one.name] if table is POINTS else one.name
            key = (self._cases[one.case_key], name)
            if self._db.execute(table.select, table.human(key)).fetchone() is None:
                change = keep_alternative(self._db, table, key, one.found, one.origin)
            else:
                _, change, _ = meet(self._db, table, key, one.found, one.origin)
            if change is not None:
                self._make(change)

    def _make(self, change: Change) -> None:
        journal.apply(self._db, change)
        self.changes.append(change)
