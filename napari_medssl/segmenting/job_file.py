"""The job that is at work on a cohort, kept beside its organs: it is found again after closing."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from medssl.errors import StorageError
from napari_medssl.segmenting.organs import keep_organs, recall_organs

JOB_NAME = "job.json"


@dataclass(frozen=True)
class Job:
    """A job that was started and has not ended yet.

    Parameters
    ----------
    organ
        What it learns.
    run
        Its run folder.
    compare
        Whether a net that begins with nothing learns the same.
    other
        Run folder of that one; empty: not started yet.
    newer
        Whether a person has taught the organ something since.
    stored
        What was said when its masks were stored; empty: they are not stored yet.
    """

    organ: str
    run: str
    compare: bool = False
    other: str = ""
    newer: bool = False
    stored: str = ""


def keep_job(folder: Path, job: Job) -> None:
    """Write down a job in place of the one before.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    from medssl.io._atomic import write_text

    folder.mkdir(parents=True, exist_ok=True)
    with write_text(folder / JOB_NAME) as file:
        json.dump(asdict(job), file, indent=1)


def recall_job(folder: Path) -> Job | None:
    """Read the job of a folder; None where there is none, or its run folder is gone.

    Raises
    ------
    StorageError
        If there is a file that cannot be read.
    """
    path = folder / JOB_NAME
    try:
        job = _job(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise StorageError(
            f"{path}: the job that was at work cannot be read ({error}). Delete this file; masks "
            "that are stored stay."
        ) from error
    return job if Path(job.run).is_dir() else None


def _job(kept: Any) -> Job:
    """Make a job of what was read.

    Raises
    ------
    TypeError, ValueError
        If it is none.
    """
    job = Job(**kept)
    for field in fields(Job):
        value = getattr(job, field.name)
        if type(value).__name__ != field.type:
            raise TypeError(f"{field.name} is {value!r}")
    if not (job.organ and job.run):
        raise ValueError("it names no organ or no run folder")
    return job


def note_net(folder: Path, job: Job) -> None:
    """Write beside the organs of a cohort, open or not, that the net of a job has learned one.

    Raises
    ------
    StorageError
        If they cannot be read or written.
    """
    organs = recall_organs(folder)
    if organs.organ(job.organ) is not None:
        keep_organs(folder, organs.taught(job.organ, "net", job.run))


def drop_job(folder: Path) -> None:
    """Forget the job: it has ended."""
    with contextlib.suppress(OSError):
        (folder / JOB_NAME).unlink()
