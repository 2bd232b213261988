"""Which models have worked on a cohort."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Container

from medssl.cohort import journal
from medssl.cohort.findings import ModelRun
from medssl.cohort.parts.part import Part
from medssl.cohort.tables import Row

_COLUMNS = "verb, model, fingerprint, place, settings, results, time"


def run_rows(connection: sqlite3.Connection) -> list[Row]:
    """Read the runs as rows."""
    query = f"SELECT {_COLUMNS} FROM runs ORDER BY id"  # noqa: S608 - constants
    return connection.execute(query).fetchall()


def insert_run(connection: sqlite3.Connection, run: ModelRun, known: Container[Row] = ()) -> None:
    """Write a run down, unless it is among the `known` rows."""
    settings = json.dumps(dict(run.settings), sort_keys=True)
    time = run.time or journal.now()
    row = (run.verb, run.model, run.fingerprint, run.place, settings, run.results, time)
    if row not in known:
        connection.execute(
            f"INSERT INTO runs ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - constants
            row,
        )


class Runs(Part):
    """Runs of models over the cohort."""

    def add_run(self, run: ModelRun) -> None:
        """Write down that a model has worked on the cohort; its time is now, unless given."""
        with self._db.write() as connection:
            insert_run(connection, run)

    def runs(self) -> list[ModelRun]:
        """All runs, in the order in which they were written down."""
        with self._db.read() as connection:
            rows = run_rows(connection)
        return [
            ModelRun(verb, model, fingerprint, place, json.loads(settings), results, time)
            for verb, model, fingerprint, place, settings, results, time in rows
        ]
