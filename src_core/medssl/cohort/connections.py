"""SQLite connections of one cohort: one a thread, every commit on the disk."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from medssl.cohort.drives import Mode, wanted_journal
from medssl.cohort.errors import CohortError, translate
from medssl.cohort.tally import count_commit, note_commit

BUSY_SECONDS = 2.0
"""How long a call waits for another program's transaction before it gives up."""

_log = logging.getLogger(__name__)


class Connections:
    """Connections to one database file, opened on first use in each thread.

    Readers never wait for a writer (write-ahead log); writers of this process queue on a lock,
    writers of other processes wait up to `BUSY_SECONDS`. On network drives there is a rollback
    journal, and readers wait for a commit to end.

    Parameters
    ----------
    database
        The SQLite file.

    Attributes
    ----------
    loss
        What was missing when it was opened, in words; None if nothing.
    """

    def __init__(self, database: Path) -> None:
        self.database = database
        self.loss: str | None = None
        self._by_thread: dict[threading.Thread, sqlite3.Connection] = {}
        self._registry = threading.Lock()
        self._writing = threading.RLock()
        self._closed = False
        self._mode: Mode | None = None

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Give this thread's connection for reading."""
        with self._plain_words():
            yield self._mine()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Run the block as one transaction: committed to the disk at its end, or nothing of it.

        Within another such block of the same thread it is a part of that one.
        """
        with self._plain_words(), self._writing:
            connection = self._mine()
            if connection.in_transaction:
                with _part(connection):
                    yield connection
                return
            connection.execute("BEGIN IMMEDIATE")
            try:
                before = connection.total_changes
                yield connection
                count = count_commit(connection) if connection.total_changes > before else None
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            if count is not None:
                note_commit(self.database, count)

    def close(self) -> None:
        """Close every thread's connection; call it when no other thread is at work."""
        with self._registry:
            self._closed = True
            while self._by_thread:
                self._by_thread.popitem()[1].close()

    def _mine(self) -> sqlite3.Connection:
        thread = threading.current_thread()
        with self._registry:
            if self._closed:
                raise CohortError(self.database.parent, "the cohort is closed", "Open it again.")
            connection = self._by_thread.get(thread)
            if connection is None:
                for ended in [t for t in self._by_thread if not t.is_alive()]:
                    self._by_thread.pop(ended).close()
                self._mode = self._mode or wanted_journal(self.database.parent)
                connection = self._by_thread[thread] = _connect(self.database, self._mode)
            return connection

    @contextmanager
    def _plain_words(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            readable = translate(error, self.database)
            if readable is None:
                raise
            raise readable from error


@contextmanager
def _part(connection: sqlite3.Connection) -> Iterator[None]:
    """Run a part of a transaction; when it fails nothing of it is left in the whole."""
    connection.execute("SAVEPOINT part")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK TO part")
        raise
    finally:
        connection.execute("RELEASE part")


def _connect(database: Path, mode: Mode) -> sqlite3.Connection:
    connection = sqlite3.connect(
        _existing(database),
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        uri=True,
    )
    try:
        if mode == "wal":
            _use_write_ahead_log(connection, database)
        else:
            connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _existing(database: Path) -> str:
    """URI that opens the file only where it is: a missing drive never makes an empty database."""
    name = quote(database.absolute().as_posix())
    return f"file://{'' if name.startswith('/') else '/'}{name}?mode=rw"


def _use_write_ahead_log(connection: sqlite3.Connection, database: Path) -> None:
    """Set the write-ahead log, or a rollback journal where it cannot be had (network shares)."""
    try:
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in (
            sqlite3.SQLITE_IOERR,
            sqlite3.SQLITE_CANTOPEN,
            sqlite3.SQLITE_PROTOCOL,
        ):
            raise
        mode = str(error)
    if mode == "wal":
        return
    (mode,) = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    _log.warning(
        "%s: no write-ahead log on this drive (a network share?); using a rollback journal, "
        "so that a second program may have to wait",
        database,
    )
