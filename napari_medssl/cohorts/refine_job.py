"""The job that refines a cohort's landmarks: started in a process of its own, and followed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from medssl.progress import Progress
from napari_medssl.job_following import follow_job


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
    """Wait for the end of the job, see `napari_medssl.job_following.follow_job`."""
    follow_job(run, progress, asked_to_stop, "Refining")


def count_found(cohort: Path, run: Path) -> int:
    """Give the number of points that a job has found, as the cohort tells it."""
    from medssl.cohort import Cohort

    with Cohort.open(cohort) as opened:
        return next((one.results for one in opened.runs() if one.place == str(run)), 0)
