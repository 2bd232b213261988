"""How what comes from elsewhere meets what the cohort holds.

The rule, for points, labels and segmentations that a person made: where the cohort holds nothing,
what comes is taken; where it holds the same of the same person, nothing happens; where it holds
anything else, the cohort's stays, and what comes is kept beside it as a second reading.

Within a cohort the last person's row holds: where another one had said something, that is kept
as a second reading. Each person has one reading, the newest.
"""

from __future__ import annotations

import hashlib
import json
import math
import sqlite3
from typing import Any, Literal, NamedTuple

from medssl.cohort import journal
from medssl.cohort.findings import What
from medssl.cohort.journal import Change
from medssl.cohort.tables import ALTERNATIVES, LABELS, POINTS, Row, Table

SAME_PLACE = 5e-4
"""Points nearer than this, in voxels and an axis, are one: files are written to 4 digits."""

Outcome = Literal["new", "same", "second"]


class Conflict(NamedTuple):
    """Where two people said something else; both are kept.

    `distance` is that of two points in `unit`, None for labels and segmentations.
    """

    what: What
    case_key: str
    name: str
    ours: str
    theirs: str
    distance: float | None
    unit: str

    @property
    def text(self) -> str:
        """The conflict in words."""
        start = f"{self.name} in {self.case_key}: the cohort has {self.ours}, the other"
        if self.distance is None:
            return f"{start} {self.theirs}"
        return f"{start} {self.theirs}, {self.distance:.1f} {self.unit} away"


def conflict_of(table: Table, case_key: str, name: str, held: Row, row: Row) -> Conflict:
    """Describe a conflict."""
    ours, theirs = (dict(zip(table.columns, one, strict=True)) for one in (held, row))
    distance = None
    if table is POINTS:
        axes = ("world_x", "world_y", "world_z")
        distance = math.dist([ours[a] or 0.0 for a in axes], [theirs[a] or 0.0 for a in axes])
    what: What = table.name  # type: ignore[assignment]
    return Conflict(
        what, case_key, name, _said(table, ours), _said(table, theirs), distance,
        ours.get("unit", ""),
    )  # fmt: skip


def _said(table: Table, row: dict[str, Any]) -> str:
    by = f"{row['author'] or 'somebody'}'s"
    return f"{by} {row['value']!r}" if table is LABELS else by


def meet(
    connection: sqlite3.Connection, table: Table, key: Row, row: Row, origin: str
) -> tuple[Outcome, Change | None, Row | None]:
    """Say what becomes of a person's row that comes from elsewhere.

    Returns
    -------
    outcome
        ``"new"``: taken; ``"same"``: there already; ``"second"``: kept as a second reading.
    change
        The change to be made, None where there is none.
    held
        The row that the cohort holds, None if none.
    """
    held: Row | None = connection.execute(table.select, table.human(key)).fetchone()
    if held is None:
        return "new", Change(table.name, key, None, row), None
    if _same(table, held, row):
        return "same", None, held
    change = keep_alternative(connection, table, key, row, origin)
    return ("second" if change else "same"), change, held


def keep_alternative(
    connection: sqlite3.Connection, table: Table, key: Row, row: Row, origin: str
) -> Change | None:
    """Give the change that keeps a row as a second reading; None if it is one already."""
    content = json.dumps(list(row))
    said = {c: v for c, v in zip(table.columns, row, strict=True) if c not in ("time", "file")}
    mark = hashlib.blake2b(json.dumps(said).encode(), digest_size=8).hexdigest()
    place = (table.name, *key, mark)
    if connection.execute(ALTERNATIVES.select, place).fetchone() is not None:
        return None
    return journal.replace(connection, ALTERNATIVES, place, (origin, content))


def say_anew(
    connection: sqlite3.Connection, table: Table, key: Row, row: Row, origin: str
) -> list[Change]:
    """Give the changes by which a person's row takes the place of what the cohort holds.

    What another person said there (or nobody in particular) becomes a second reading; an older
    one of the person who speaks now goes.
    """
    change = journal.replace(connection, table, key, row)
    changes = [change]
    author = row[table.columns.index("author")]
    if change.before is not None and change.before[table.columns.index("author")] != author:
        kept = keep_alternative(connection, table, key, change.before, origin)
        changes += [kept] if kept else []
    if author is not None:
        changes += _without_older(connection, table, key, author)
    return changes


def _without_older(
    connection: sqlite3.Connection, table: Table, key: Row, author: str
) -> list[Change]:
    """Give the changes that take away the second readings of a person at one place."""
    query = "SELECT mark, content FROM alternatives WHERE what = ? AND case_id = ? AND subject = ?"
    at = table.columns.index("author")
    found = connection.execute(query, (table.name, *key)).fetchall()
    return [
        journal.replace(connection, ALTERNATIVES, (table.name, *key, mark), None)
        for mark, content in found
        if json.loads(content)[at] == author
    ]


def _same(table: Table, held: Row, row: Row) -> bool:
    ours = dict(zip(table.columns, held, strict=True))
    theirs = dict(zip(table.columns, row, strict=True))
    if theirs["author"] not in (None, ours["author"]):
        return False
    if table is LABELS:
        return bool(ours["value"] == theirs["value"])
    if table is not POINTS:
        return bool(ours["fingerprint"] == theirs["fingerprint"])
    places = [(ours[axis], theirs[axis]) for axis in ("vox_z", "vox_y", "vox_x")]
    return all(
        (a is None and b is None) or (None not in (a, b) and math.isclose(a, b, abs_tol=SAME_PLACE))
        for a, b in places
    )
