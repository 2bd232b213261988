"""Files appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TextIO
from uuid import uuid4

from medssl.errors import StorageError


@contextmanager
def write_beside(path: Path) -> Iterator[Path]:
    """Give a temporary name in the same folder, renamed to `path` when all went well.

    The temporary name ends as `path` does, so that a library may tell the format from it.

    Raises
    ------
    StorageError
        If the folder cannot be written to or the disk is full.
    """
    draft = path.with_name(f".{uuid4().hex[:8]}.{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield draft
        draft.replace(path)
    except OSError as error:
        raise StorageError(
            f"{path}: it cannot be written ({error.strerror or error}). "
            "Choose another folder, or free some space on the disk."
        ) from error
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def write_text(path: Path) -> Iterator[TextIO]:
    """Open a UTF-8 text to write that takes its name only when it is whole and on the disk."""
    with write_beside(path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        yield file
        _to_disk(file)


@contextmanager
def write_binary(path: Path) -> Iterator[IO[bytes]]:
    """Open a binary file to write that takes its name only when it is whole and on the disk."""
    with write_beside(path) as draft, draft.open("wb") as file:
        yield file
        _to_disk(file)


def _to_disk(file: IO[str] | IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
