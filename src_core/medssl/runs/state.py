"""The states of a run, and which of them holds given what is found on disk."""

from __future__ import annotations

from typing import Literal

State = Literal[
    "queued", "starting", "running", "paused", "stopping", "stopped", "done", "failed", "lost"
]
ACTIVE_STATES: frozenset[State] = frozenset(("queued", "starting", "running", "paused", "stopping"))
ENDED_STATES: frozenset[State] = frozenset(("stopped", "done", "failed", "lost"))
LAUNCH_SECONDS = 5.0
"""How long a job may be queued before its process shows."""


def judge(last: State | None, alive: bool, age: float) -> State:
    """Return the state of a run.

    Parameters
    ----------
    last
        The state told last, if any.
    alive
        Whether the process that works on the run, or was started for it, lives.
    age
        Seconds since the last event.
    """
    if last in ENDED_STATES:
        return last
    if alive:
        return last or "queued"
    if last in (None, "queued") and age < LAUNCH_SECONDS:
        return "queued"
    return "lost"
