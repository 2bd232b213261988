"""The job that refines a cohort's landmarks: started in a process of its own."""

from __future__ import annotations

from pathlib import Path


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


def count_found(cohort: Path, run: Path) -> int:
    """Give the number of points that a job has found, as the cohort tells it."""
    from medssl.cohort import Cohort

    with Cohort.open(cohort) as opened:
        return next((one.results for one in opened.runs() if one.place == str(run)), 0)
