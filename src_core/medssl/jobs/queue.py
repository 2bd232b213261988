"""One job a device at a time: tickets in the order in which they were drawn."""

from __future__ import annotations

import json
import platform
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from medssl.errors import StorageError
from medssl.runs import runs_root
from medssl.runs.guard import guarded
from medssl.runs.process import ProcessRecord

POLL_SECONDS = 0.5


@contextmanager
def turn(device: str, run: Path, waiting: Callable[[str], None]) -> Iterator[None]:
    """Wait until no earlier job works on a device, and hold it.

    Parameters
    ----------
    device
        Exact name of the device, ``cuda:0`` for example.
    run
        The run folder, to tell others what they wait for.
    waiting
        Called at each look with the run folder that is waited for; may raise `Cancelled`.

    Raises
    ------
    StorageError
        If the queue cannot be written.
    """
    folder = runs_root() / ".queue" / re.sub(r"[^\w.-]+", "-", f"{platform.node()}-{device}")
    ticket = _draw(folder, run)
    try:
        while (first := _first(folder, ticket)) is not None:
            waiting(first)
            time.sleep(POLL_SECONDS)
        yield
    finally:
        ticket.unlink(missing_ok=True)


def _draw(folder: Path, run: Path) -> Path:
    """Draw a ticket; its number is its place."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with guarded(folder):
            last = max((int(path.stem) for path in folder.glob("*.ticket")), default=0)
            ticket = folder / f"{max(last + 1, time.time_ns()):020d}.ticket"
            text = json.dumps(asdict(ProcessRecord.of()) | {"run": str(run)})
            ticket.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"{folder}: the queue of jobs cannot be written ({error.strerror or error}). "
            "Free some space, or name another folder of runs with MEDSSL_RUNS."
        ) from error
    return ticket


def _first(folder: Path, ticket: Path) -> str | None:
    """Run folder of the first earlier ticket whose process lives; the others are torn up."""
    with guarded(folder):
        for path in sorted(folder.glob("*.ticket")):
            if path == ticket:
                break
            record = ProcessRecord.read(path)
            if record is not None and record.process() is not None:
                return str(json.loads(path.read_text(encoding="utf-8"))["run"])
            path.unlink(missing_ok=True)
    return None
