"""Follow ``events.jsonl`` while another process appends to it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

EVENTS_FILE = "events.jsonl"
TAIL_BYTES = 1 << 15


class EventReader:
    """Reads the events of a run by offset; never blocks.

    Parameters
    ----------
    path
        Run folder.
    offset
        Where to go on, in bytes.

    Attributes
    ----------
    offset
        Where the next call goes on.
    restarts
        How often the file had shrunk and was read from its start again.
    """

    def __init__(self, path: str | Path, offset: int = 0) -> None:
        self.path = Path(path) / EVENTS_FILE
        self.offset = offset
        self.restarts = 0
        self._inside_long_line = False

    def read(self, limit_bytes: int = 1 << 18) -> list[dict[str, Any]]:
        """Return the next whole events, from at most so many bytes; none where there is no news.

        A torn last line waits for its rest; a damaged one, and one longer than the limit, is
        skipped.
        """
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, 2)
                if size < self.offset:
                    self.offset, self._inside_long_line = 0, False
                    self.restarts += 1
                file.seek(self.offset)
                block = file.read(limit_bytes)
        except OSError:
            return []
        whole = block.rfind(b"\n") + 1
        if whole == 0:
            if len(block) == limit_bytes:
                self.offset += len(block)
                self._inside_long_line = True
            return []
        self.offset += whole
        lines = block[:whole].splitlines()
        if self._inside_long_line:
            lines, self._inside_long_line = lines[1:], False
        return list(parse_events(lines))


def read_events(path: str | Path) -> list[dict[str, Any]]:
    """Read all whole events of a run folder."""
    try:
        text = (Path(path) / EVENTS_FILE).read_bytes()
    except OSError:
        return []
    return list(parse_events(text.splitlines()))


def read_tail(path: str | Path, size: int = TAIL_BYTES) -> tuple[list[dict[str, Any]], bool]:
    """Read the last whole events of a run folder; also tells whether these are all."""
    try:
        with (Path(path) / EVENTS_FILE).open("rb") as file:
            start = max(0, file.seek(0, 2) - size)
            file.seek(start)
            lines = file.read(size).splitlines()
    except OSError:
        return [], True
    return list(parse_events(lines[1:] if start else lines)), start == 0


def parse_events(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Yield what is an event; leave out what is not."""
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and isinstance(event.get("kind"), str):
            yield event
