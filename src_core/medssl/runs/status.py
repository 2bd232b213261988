"""Where a run stands, from its folder alone and at the cost of a few kilobytes."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args

from medssl.runs.events import TAIL_BYTES, read_tail
from medssl.runs.folder import RunFolder
from medssl.runs.process import heartbeat_age, living
from medssl.runs.state import State, judge

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class RunStatus:
    """Where a run stands.

    Parameters
    ----------
    state
        As its file and its process tell.
    step, steps
        Steps done, and in all or 0 where it is not known yet.
    stage
        Name of the stage of the training.
    message
        What went wrong and what to do, or what is waited for.
    pid
        The process that works on it.
    since
        Time of the last event, seconds since 1970.
    heartbeat_age
        Seconds since the process last showed that it lives.
    """

    state: State
    step: int = 0
    steps: int = 0
    stage: str = ""
    message: str = ""
    pid: int | None = None
    since: float = 0.0
    heartbeat_age: float | None = None


def read_status(path: str | Path, now: float | None = None) -> RunStatus:
    """Read where a run stands; a damaged or missing folder is told, never raised.

    Parameters
    ----------
    path
        Run folder.
    now
        Seconds since 1970; by default the clock's.
    """
    now = time.time() if now is None else now
    folder = RunFolder(path)
    events = _tail_with_a_state(folder.path)
    record = living(folder.pid_file, now) or living(folder.launch_file, now)
    since = _newest_time(events) or _made(folder.path)
    state = judge(_last_state(events), record is not None, now - since)
    return RunStatus(
        state=state,
        step=_newest(events, "step", int) or 0,
        steps=_newest(events, "steps", int) or 0,
        stage=_newest(events, "stage", str) or "",
        message=_message(folder, state, events),
        pid=record.pid if record is not None else None,
        since=since,
        heartbeat_age=heartbeat_age(folder.pid_file, now),
    )


def _tail_with_a_state(path: Path) -> list[dict[str, Any]]:
    """Read as much of the end as tells the state and the step."""
    size = TAIL_BYTES
    while True:
        events, all_read = read_tail(path, size)
        if all_read or (_last_state(events) and _newest(events, "step", int) is not None):
            return events
        size *= 4


def _last_state(events: list[dict[str, Any]]) -> State | None:
    """State that was told last; who tells metrics is running."""
    for event in reversed(events):
        if event["kind"] == "metric":
            return "running"
        if event["kind"] == "state" and event.get("state") in get_args(State):
            state: State = event["state"]
            return state
    return None


def _message(folder: RunFolder, state: State, events: list[dict[str, Any]]) -> str:
    if state == "failed":
        error: dict[str, Any] = next((e for e in reversed(events) if e["kind"] == "error"), {})
        return _joined(error.get("message", ""), error.get("remedy", ""))
    if state == "lost":
        words = _last_line(folder.stderr_log)
        return _joined(
            "The process is gone: it was killed, ran out of memory, or the computer went down"
            + (f" (its last words: {words})" if words else ""),
            "Resume it: it goes on from its last checkpoint. If memory ran out, close other "
            "programs first.",
        )
    if state in ("queued", "starting"):
        return _newest(events, "message", str) or ""
    return ""


def _joined(problem: object, remedy: object) -> str:
    text = str(problem).strip()
    if not remedy:
        return text
    return f"{text.rstrip('.')}. {remedy}"


def _last_line(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - 2000))
            lines = file.read().decode(errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "")


def _newest(events: Iterable[dict[str, Any]], name: str, kind: type[_Value]) -> _Value | None:
    for event in reversed(list(events)):
        value = event.get(name)
        if isinstance(value, kind) and not isinstance(value, bool):
            return value
    return None


def _newest_time(events: list[dict[str, Any]]) -> float:
    for event in reversed(events):
        if isinstance(event.get("t"), int | float):
            return float(event["t"])
    return 0.0


def _made(path: Path) -> float:
    """When a run without events was made."""
    for file in (path / "job.json", path):
        try:
            return file.stat().st_mtime
        except OSError:
            continue
    return 0.0
