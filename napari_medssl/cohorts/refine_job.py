"""The job that refines a cohort's landmarks: started in a process of its own, and followed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from medssl.errors import Cancelled, MedsslError
from medssl.progress import Progress
from napari_medssl.training.follower import RunFollower

_LOOK_S = 0.3


def start_refining(cohort: Path, model: str | Path) -> Path:
    """Start the job; give its run folder.

    Raises
    ------
    medssl.errors.MedsslError
        If the run folder cannot be written.
    """
    from medssl.jobs import RefineRequest, create_job
    from medssl.runs import start_job

    run = create_job(RefineRequest(name=cohort.stem, cohort=str(cohort), model=str(model)))
    start_job(run)
    return run


def follow_refining(run: Path, progress: Progress, asked_to_stop: Callable[[], bool]) -> None:
    """Wait for the end of the job.

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
        done, total, words = (last and last.progress) or (0, 0, "Refining")
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
        raise MedsslError(last.status.message or f"Refining ended early. Its log is in {run}.")


def count_found(cohort: Path, run: Path) -> int:
    """Give the number of points that a job has found, as the cohort tells it."""
    from medssl.cohort import Cohort

    with Cohort.open(cohort) as opened:
        return next((one.results for one in opened.runs() if one.place == str(run)), 0)
