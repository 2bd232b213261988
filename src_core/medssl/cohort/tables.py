"""The tables that a person's actions change, and their statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

Name = Literal[
    "points", "labels", "segmentations", "landmarks", "alternatives", "found", "rejections"
]
Row = tuple[Any, ...]

LANDMARK_COLUMNS = ("name", "text", "colour", "side", "removed")


@dataclass(frozen=True)
class Table:
    """One table: what tells its rows apart, and what they hold.

    Parameters
    ----------
    name
        Its name.
    key
        Columns by which a person's action names a row.
    columns
        The other columns.
    by_kind
        Whether a person's rows lie beside predictions, told apart by the column ``kind``.
    """

    name: Name
    key: tuple[str, ...]
    columns: tuple[str, ...]
    by_kind: bool = False

    @property
    def _full_key(self) -> tuple[str, ...]:
        return (*self.key, "kind") if self.by_kind else self.key

    @property
    def _where(self) -> str:
        return " AND ".join(f"{column} = ?" for column in self._full_key)

    @cached_property
    def upsert(self) -> str:
        """Write a row: its key, its kind where there is one, its columns."""
        every = (*self._full_key, *self.columns)
        return (
            f"INSERT INTO {self.name} ({', '.join(every)}) "  # noqa: S608 - constants
            f"VALUES ({', '.join('?' * len(every))}) "
            f"ON CONFLICT ({', '.join(self._full_key)}) DO UPDATE SET "
            + ", ".join(f"{column} = excluded.{column}" for column in self.columns)
        )

    @cached_property
    def select(self) -> str:
        """Read the columns of a row."""
        return f"SELECT {', '.join(self.columns)} FROM {self.name} WHERE {self._where}"  # noqa: S608

    @cached_property
    def delete(self) -> str:
        """Delete a row."""
        return f"DELETE FROM {self.name} WHERE {self._where}"  # noqa: S608 - constants

    def human(self, key: Row) -> Row:
        """Complete the key of a row that a person has made."""
        return (*key, "human") if self.by_kind else key


POINTS = Table(
    "points",
    ("case_id", "landmark_id"),
    (
        "vox_z", "vox_y", "vox_x", "world_x", "world_y", "world_z",
        "unit", "source", "confidence", "model", "author", "time",
    ),
    by_kind=True,
)  # fmt: skip
LABELS = Table(
    "labels",
    ("case_id", "name"),
    ("value", "source", "confidence", "model", "author", "time"),
    by_kind=True,
)
SEGMENTATIONS = Table(
    "segmentations",
    ("case_id", "name"),
    ("file", "fingerprint", "segments", "source", "model", "author", "time", "confidence"),
    by_kind=True,
)
LANDMARKS = Table("landmarks", ("id",), LANDMARK_COLUMNS)
ALTERNATIVES = Table("alternatives", ("what", "case_id", "subject", "mark"), ("origin", "content"))
FOUND = Table(
    "found", ("case_id", "landmark_id"), ("vox_z", "vox_y", "vox_x", "confidence", "model")
)
"""What had been found where a person's point stands now."""
REJECTIONS = Table("rejections", ("what", "case_id", "subject"), ("author", "time"))
TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (POINTS, LABELS, SEGMENTATIONS, LANDMARKS, ALTERNATIVES, FOUND, REJECTIONS)
}
