"""How many commits a cohort has seen, counted outside of its database too.

SQLite keeps its promise that after a crash there is an exact prefix of the commits; it cannot say
that some are missing. A drive that loses what it has confirmed (a power cut and a cache that lies,
a log that was cut or left behind in copying) is found out by a second count, in a small file
beside the database, written after each commit.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from pathlib import Path

NAME = "cohort.commits"

_log = logging.getLogger(__name__)


def count_commit(connection: sqlite3.Connection) -> int:
    """Count the transaction that is about to be committed, as a part of it; give its number."""
    connection.execute("UPDATE facts SET commits = commits + 1")
    return _commits(connection)


def note_commit(database: Path, count: int) -> None:
    """Write down that commit number `count` is done."""
    try:
        file = os.open(database.with_name(NAME), os.O_WRONLY | os.O_CREAT, 0o666)
        try:
            os.write(file, b"%020d\n" % count)
        finally:
            os.close(file)
    except OSError as error:
        _log.warning("%s: commits cannot be counted (%s)", database.with_name(NAME), error)


def find_loss(connection: sqlite3.Connection, database: Path) -> str | None:
    """Say how many commits the database has lost since it was last written; None if none.

    It is said once: from then on the count goes on from what is there.
    """
    noted = _read(database)  # before the database is: another program may be committing
    there = _commits(connection)
    lost = noted - there
    if lost <= 0:
        return None
    note_commit(database, there)
    changes = "the last change is" if lost == 1 else f"the last {lost} changes are"
    return (
        f"{database.parent}: {changes} missing: the drive lost what it had confirmed "
        "(a power cut?), or files of the folder were left behind in copying. "
        "All that was done before is there. Look whether what you did last is"
    )


def _commits(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT commits FROM facts").fetchone()[0])


def _read(database: Path) -> int:
    try:
        return int(database.with_name(NAME).read_bytes())
    except (OSError, ValueError):
        return 0
