"""The tables of a cohort and how older ones are brought up to date.

`MIGRATIONS[i]` leads from schema ``i`` to schema ``i + 1``; the number stands in SQLite's
``user_version``. A published migration is never edited: a change of the tables is a new entry.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from medssl.cohort.errors import CohortVersionError, NotACohortError

APPLICATION_ID = 0x4D53534C
"""Marks the file as a cohort's: "MSSL" in SQLite's ``application_id``."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE cases (
            id INTEGER PRIMARY KEY,
            key TEXT NOT NULL UNIQUE,
            path TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            grid TEXT NOT NULL,
            ndim INTEGER NOT NULL CHECK (ndim IN (2, 3)),
            unit TEXT NOT NULL CHECK (unit IN ('mm', 'px')),
            modality TEXT NOT NULL,
            changed INTEGER NOT NULL DEFAULT 0
        )
        """,
        """
        CREATE TABLE landmarks (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            text TEXT NOT NULL,
            colour TEXT,
            side TEXT,
            removed INTEGER NOT NULL DEFAULT 0
        )
        """,
        "CREATE UNIQUE INDEX landmark_names ON landmarks (name) WHERE removed = 0",
        """
        CREATE TABLE points (
            case_id INTEGER NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
            landmark_id INTEGER NOT NULL REFERENCES landmarks (id) ON DELETE CASCADE,
            kind TEXT NOT NULL CHECK (kind IN ('human', 'predicted')),
            vox_z REAL,
            vox_y REAL NOT NULL,
            vox_x REAL NOT NULL,
            world_x REAL NOT NULL,
            world_y REAL NOT NULL,
            world_z REAL,
            unit TEXT NOT NULL CHECK (unit IN ('mm', 'px')),
            source TEXT NOT NULL CHECK (source IN ('manual', 'predicted', 'corrected')),
            confidence REAL,
            model TEXT,
            author TEXT,
            time TEXT NOT NULL,
            PRIMARY KEY (case_id, landmark_id, kind),
            CHECK ((kind = 'predicted') = (source = 'predicted'))
        ) WITHOUT ROWID
        """,
        "CREATE INDEX points_by_landmark ON points (landmark_id, case_id, kind)",
        """
        CREATE TABLE journal (
            id INTEGER PRIMARY KEY,
            text TEXT NOT NULL,
            changes TEXT NOT NULL,
            undone INTEGER NOT NULL DEFAULT 0,
            time TEXT NOT NULL
        )
        """,
        "CREATE INDEX journal_state ON journal (undone, id)",
    ),
)


def check_ours(connection: sqlite3.Connection, database: Path) -> None:
    """Refuse a database that another program, or a newer medssl, has written.

    Raises
    ------
    NotACohortError
        If the file is some other SQLite database.
    CohortVersionError
        If its schema is newer than this medssl knows.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION_ID and (application or tables):
        raise NotACohortError(
            database,
            "this is a database of another program",
            "Choose a folder that medssl has made; its name ends in .medssl.",
        )
    version = _version(connection)
    if version > len(MIGRATIONS):
        raise CohortVersionError(
            database,
            f"the cohort has schema {version}, this medssl knows up to {len(MIGRATIONS)}",
            "Update napari-medssl (pip install -U napari-medssl) and open it again.",
        )


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables to the newest schema, all steps in one transaction or none."""
    if _version(connection) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number in range(_version(connection), len(MIGRATIONS)):
            for statement in MIGRATIONS[number]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1:d}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID:d}")
        connection.execute("COMMIT")
    except sqlite3.Error:
        connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
