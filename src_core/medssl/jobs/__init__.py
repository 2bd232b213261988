"""Long work as jobs: typed requests, a queue for each device, and the runner.

What a viewer needs to start, stop and follow jobs is in `medssl.runs`, without torch.
"""

from __future__ import annotations

from medssl.jobs.create import create_job
from medssl.jobs.requests import (
    EmbedRequest,
    LesionRequest,
    PretrainRequest,
    RefineRequest,
    Request,
    SegmentRequest,
    ShapeRequest,
    read_request,
)
from medssl.jobs.run import run_job
from medssl.runs import kill_job, pause_job, resume_job, start_job, stop_job

__all__ = [
    "EmbedRequest",
    "LesionRequest",
    "PretrainRequest",
    "RefineRequest",
    "Request",
    "SegmentRequest",
    "ShapeRequest",
    "create_job",
    "kill_job",
    "pause_job",
    "read_request",
    "resume_job",
    "run_job",
    "start_job",
    "stop_job",
]
