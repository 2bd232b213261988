"""Make and open the folder of a cohort."""

from __future__ import annotations

import logging
from pathlib import Path

from medssl.cohort.connections import Connections
from medssl.cohort.errors import (
    CohortDamagedError,
    CohortError,
    CohortStorageError,
    NotACohortError,
)
from medssl.cohort.schema import check_ours, migrate
from medssl.cohort.tally import NAME, find_loss

DATABASE = "cohort.sqlite"
SUFFIX = ".medssl"

_log = logging.getLogger(__name__)


def make_folder(path: Path) -> Path:
    """Make the folder of a new cohort with an empty database file; give its full name."""
    if path.suffix != SUFFIX:
        path = path.with_name(path.name + SUFFIX)
    database = path / DATABASE
    try:
        path.mkdir(parents=True, exist_ok=True)
        if database.exists() and database.stat().st_size:
            raise CohortError(path, "there is a cohort already", "Open it, or choose a name.")
        database.with_name(NAME).unlink(missing_ok=True)
        database.touch()
    except OSError as error:
        raise CohortStorageError(
            path,
            f"the cohort cannot be made here ({error.strerror})",
            "Choose a folder that you may write to, on a disk with space left.",
        ) from error
    return path


def check_folder(path: Path) -> None:
    """Refuse a folder that is no cohort's, or whose database has lost its content."""
    database = path / DATABASE
    if not database.is_file():
        raise NotACohortError(
            path,
            f"there is no {DATABASE} in it" if path.is_dir() else "there is no such folder",
            f"Choose a cohort's folder (its name ends in {SUFFIX}), or make a new one.",
        )
    if not database.stat().st_size:
        raise CohortDamagedError(
            database,
            "the database is empty: making it was interrupted, or its content was lost",
            "Restore the folder from a backup, or make a new cohort under this name.",
        )


def connect(path: Path) -> Connections:
    """Open the database, refuse a damaged or a newer one, bring an older one up to date."""
    connections = Connections(path / DATABASE)
    try:
        with connections.read() as connection:
            check_ours(connection, connections.database)
            migrate(connection)
            (health,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if health != "ok":
            raise CohortDamagedError(
                connections.database,
                f"the database is damaged ({' '.join(health.split())})",
                "Keep a copy of the whole folder as it is, then restore it from a backup.",
            )
        with connections.read() as connection:
            connections.loss = find_loss(connection, connections.database)
    except Exception:
        connections.close()
        raise
    if connections.loss:
        _log.warning("%s", connections.loss)
    return connections
