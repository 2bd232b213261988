"""Where the images of a cohort lie now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from medssl.cohort.identity import code_of, read_secret
from medssl.cohort.parts.part import Part
from medssl.cohort.places import SEGMENTATIONS, stored_files, stored_path

if TYPE_CHECKING:
    from medssl.io import ImageSource


class Moving(Part):
    """Images that were moved, and codes that stand for their patients."""

    def relocate(self, moved: Sequence[tuple[str, ImageSource]]) -> None:
        """Let cases (by key) refer to where their images lie now; all else stays."""
        rows = [
            (
                stored_path(self.path, source.path),
                stored_files(source.path, source.files),
                source.number,
                key,
            )
            for key, source in moved
        ]
        query = "UPDATE cases SET path = ?, files = ?, number = ? WHERE key = ?"
        with self._db.write() as connection:
            connection.executemany(query, rows)

    def patient_code(self, patient_id: str) -> str:
        """Give the code that stands for a patient in this cohort."""
        with self._db.read() as connection:
            return code_of("P", patient_id, read_secret(connection))

    def segmentation_files(self) -> set[Path]:
        """All files that a segmentation, a second reading or an undo still refers to."""
        queries = (
            "SELECT file FROM segmentations",
            "SELECT content FROM alternatives WHERE what = 'segmentations'",
            "SELECT changes FROM journal WHERE changes LIKE '%segmentations%'",
        )
        with self._db.read() as connection:
            texts = [text for query in queries for (text,) in connection.execute(query)]
        folder = self.path / SEGMENTATIONS
        said = "\n".join(texts)
        return {file for file in folder.glob("*") if file.name in said}

    def integrity(self) -> list[str]:
        """Look through the whole database; give what is wrong with it, in SQLite's words."""
        with self._db.read() as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
            broken = connection.execute("PRAGMA foreign_key_check").fetchall()
        problems = [text for text in found if text != "ok"]
        return problems + [f"a row of {row[0]} refers to nothing" for row in broken]
