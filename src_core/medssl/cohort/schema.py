"""Whose database it is, and how an older one is brought up to date."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from medssl.cohort.errors import CohortVersionError, NotACohortError
from medssl.cohort.migrations import MIGRATIONS

APPLICATION_ID = 0x4D53534C
"""Marks the file as a cohort's: "MSSL" in SQLite's ``application_id``."""


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
