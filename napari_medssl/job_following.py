"""Follows a job of a dock, which runs in a process of its own, until it ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from medssl.errors import Cancelled, MedsslError
from medssl.progress import Progress
from napari_medssl.training.follower import RunFollower

_LOOK_S = 0.3


def follow_job(
    run: Path, progress: Progress, asked_to_stop: Callable[[], bool], doing: str
) -> None:
    """Wait for the end of a job; `doing` says what it does where it does not say so itself.

    When this is cancelled and a person has asked for it, the job is stopped; else, as when the
    window closes, it goes on by itself.

    Raises
    ------
    Cancelled
        If it was stopped.
    MedsslError
        If it failed; the message says why and what to do.
    """
    from medssl.runs import ENDED_STATES, stop_job

    follower, last = RunFollower(run), None
    while True:
        last = follower.look() or last
        if last is not None and last.status.state in ENDED_STATES:
            break
        done, total, words = (last and last.progress) or (0, 0, doing)
        try:
            progress(done, total, words)
        except Cancelled:
            if asked_to_stop():
                stop_job(run)
            raise
        time.sleep(_LOOK_S)
    if last.status.state == "stopped":
        raise Cancelled
    if last.status.state != "done":
        raise MedsslError(last.status.message or f"It ended early. Its log is in {run}.")
