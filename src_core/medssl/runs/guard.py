"""A short exclusive section between processes; the system ends it with the process."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)

    def _give(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def _give(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


@contextmanager
def guarded(folder: Path) -> Iterator[None]:
    """Let one process at a time look at a folder and act on what it saw."""
    descriptor = os.open(folder / ".guard", os.O_CREAT | os.O_RDWR, 0o644)
    try:
        _take(descriptor)
        try:
            yield
        finally:
            _give(descriptor)
    finally:
        os.close(descriptor)
