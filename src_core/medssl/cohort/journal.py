"""What a person did, so that it can be undone and redone, in this session or a later one.

An entry holds the rows before and after the action. Undo writes the rows before, redo the rows
after. A new action drops what was undone and not redone. Predictions are never in the journal.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from medssl.cohort.tables import LANDMARKS, TABLES, Name, Row, Table


@dataclass(frozen=True)
class Change:
    """One row before and after; None means that there is no such row."""

    table: Name
    key: tuple[int | str, ...]
    before: Row | None
    after: Row | None


def now() -> str:
    """Give the present time, UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def act(connection: sqlite3.Connection, text: str, changes: Sequence[Change]) -> None:
    """Make the changes and write them down; what was undone before can no longer be redone."""
    for change in changes:
        apply(connection, change)
    write_down(connection, text, changes)


def apply(connection: sqlite3.Connection, change: Change) -> None:
    """Make a change that `write_down` is told of afterwards, in the same transaction."""
    _write(connection, change, change.after)


def write_down(connection: sqlite3.Connection, text: str, changes: Sequence[Change]) -> None:
    """Write down changes that are made already, as one action."""
    connection.execute("DELETE FROM journal WHERE undone = 1")
    packed = json.dumps([[c.table, c.key, c.before, c.after] for c in changes])
    connection.execute(
        "INSERT INTO journal (text, changes, time) VALUES (?, ?, ?)", (text, packed, now())
    )


def replace(connection: sqlite3.Connection, table: Table, key: Row, row: Row | None) -> Change:
    """Give the change that makes a person's row what `row` says, whatever it is now."""
    before: Row | None = connection.execute(table.select, table.human(key)).fetchone()
    return Change(table.name, key, before, row)


def undo(connection: sqlite3.Connection) -> str | None:
    """Take back the last action that is not undone; give its text, None if there is none."""
    found = _last_done(connection)
    if found is None:
        return None
    number, text, packed = found
    for change in reversed(_unpack(packed)):
        _write(connection, change, change.before)
    connection.execute("UPDATE journal SET undone = 1 WHERE id = ?", (number,))
    return text


def redo(connection: sqlite3.Connection) -> str | None:
    """Do again the action that was undone last; give its text, None if there is none."""
    found = _first_undone(connection)
    if found is None:
        return None
    number, text, packed = found
    for change in _unpack(packed):
        _write(connection, change, change.after)
    connection.execute("UPDATE journal SET undone = 0 WHERE id = ?", (number,))
    return text


def next_undo(connection: sqlite3.Connection) -> str | None:
    """Text of the action that `undo` would take back."""
    found = _last_done(connection)
    return found[1] if found else None


def next_redo(connection: sqlite3.Connection) -> str | None:
    """Text of the action that `redo` would do again."""
    found = _first_undone(connection)
    return found[1] if found else None


def _last_done(connection: sqlite3.Connection) -> tuple[int, str, str] | None:
    query = "SELECT id, text, changes FROM journal WHERE undone = 0 ORDER BY id DESC LIMIT 1"
    row: tuple[int, str, str] | None = connection.execute(query).fetchone()
    return row


def _first_undone(connection: sqlite3.Connection) -> tuple[int, str, str] | None:
    query = "SELECT id, text, changes FROM journal WHERE undone = 1 ORDER BY id LIMIT 1"
    row: tuple[int, str, str] | None = connection.execute(query).fetchone()
    return row


def _unpack(packed: str) -> list[Change]:
    return [
        Change(table, tuple(key), before and tuple(before), after and tuple(after))
        for table, key, before, after in json.loads(packed)
    ]


def _write(connection: sqlite3.Connection, change: Change, row: Row | None) -> None:
    table = TABLES[change.table]
    if row is None:
        assert table is not LANDMARKS, "landmarks are hidden, never deleted"
        connection.execute(table.delete, table.human(change.key))
    else:
        missing = (None,) * (len(table.columns) - len(row))  # columns that came after this action
        connection.execute(table.upsert, (*table.human(change.key), *row, *missing))
