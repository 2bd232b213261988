"""Run folders: what a long job leaves on disk, read and written without torch.

A viewer follows runs with this package alone.
"""

from __future__ import annotations

from medssl.runs.commands import kill_job, pause_job, resume_job, start_job, stop_job
from medssl.runs.curve import Curve
from medssl.runs.events import EventReader, read_events
from medssl.runs.folder import RunFolder
from medssl.runs.listing import (
    RunSummary,
    delete_run,
    is_run_folder,
    list_runs,
    runs_root,
    summarise,
)
from medssl.runs.state import ACTIVE_STATES, ENDED_STATES, State, judge
from medssl.runs.status import RunStatus, read_status

__all__ = [
    "ACTIVE_STATES",
    "ENDED_STATES",
    "Curve",
    "EventReader",
    "RunFolder",
    "RunStatus",
    "RunSummary",
    "State",
    "delete_run",
    "is_run_folder",
    "judge",
    "kill_job",
    "list_runs",
    "pause_job",
    "read_events",
    "read_status",
    "resume_job",
    "runs_root",
    "start_job",
    "stop_job",
    "summarise",
]
