"""What can go wrong with a cohort folder, each with its remedy."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from medssl.errors import FileRefusedError, MedsslError, SettingsError, StorageError


class CohortError(FileRefusedError):
    """A cohort folder cannot be used."""


class NotACohortError(CohortError):
    """The folder holds no cohort, or its database is another program's."""


class CohortVersionError(CohortError):
    """The cohort was written by a newer medssl."""


class CohortLockedError(CohortError):
    """Another program holds the cohort for longer than a moment."""


class CohortDamagedError(CohortError):
    """The database file is damaged."""


class CohortStorageError(CohortError, StorageError):
    """The cohort cannot be written: read-only, disk full, or the drive is gone."""


class UnknownEntryError(SettingsError):
    """A case or landmark that the cohort does not have."""


class LandmarkExistsError(SettingsError):
    """A landmark of that name is already in the cohort."""


_STORAGE = {
    sqlite3.SQLITE_READONLY: (
        "the cohort is read-only",
        "Copy the folder to a place that you may write to, and open the copy.",
    ),
    sqlite3.SQLITE_PERM: (
        "access to the cohort was refused",
        "Ask for write permission, or copy the folder to a place of your own.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "the database of the cohort cannot be opened",
        "Check that the drive is there and that you may write to the folder.",
    ),
    sqlite3.SQLITE_FULL: (
        "the disk is full; what was saved before is kept",
        "Free some space and repeat the last action.",
    ),
    sqlite3.SQLITE_IOERR: (
        "the drive reports an error; what was saved before is kept",
        "Check that the drive is still there, then open the cohort again.",
    ),
}


def translate(error: sqlite3.Error, database: Path) -> MedsslError | None:
    """Say in plain words what SQLite reports; None for what would be a mistake of ours."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    primary = code & 0xFF
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL):
        return CohortLockedError(
            database,
            "another program is writing to the cohort and does not let go",
            "Nothing is lost: close the other program, then repeat the last action.",
        )
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return CohortDamagedError(
            database,
            f"the database is damaged ({error})",
            "Keep a copy of the whole folder as it is, then restore the folder from a backup.",
        )
    if primary in _STORAGE:
        return CohortStorageError(database, *_STORAGE[primary])
    return None
