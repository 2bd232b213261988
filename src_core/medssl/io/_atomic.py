"""Files appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TextIO

from medssl.errors import FileRefusedError, StorageError


@contextmanager
def _storing(path: Path) -> Iterator[None]:
    """Turn the system's refusal to write into ours, with the remedy."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{path}: it cannot be written ({error.strerror or error}). "
            "Choose another folder, or free some space on the disk."
        ) from error


def refuse_existing(path: Path, overwrite: bool) -> None:
    """Keep what is there, unless a person asked to write over it.

    Raises
    ------
    FileRefusedError
        If there is a file and `overwrite` is False.
    """
    if path.exists() and not overwrite:
        raise FileRefusedError(
            path, "there is such a file already", "Give another name, or ask to overwrite it."
        )


@contextmanager
def write_beside(path: Path) -> Iterator[Path]:
    """Give the same file name in a temporary folder beside; all files there are then moved.

    The file itself is moved last, after those that it refers to.

    Raises
    ------
    StorageError
        If the folder cannot be written to or the disk is full.
    """
    with _storing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".", dir=path.parent) as folder:
            draft = Path(folder) / path.name
            yield draft
            for file in sorted(Path(folder).iterdir(), key=lambda file: file == draft):
                file.replace(path.parent / file.name)


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
