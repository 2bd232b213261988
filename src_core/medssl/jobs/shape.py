"""The job that finds a shape in images without a label."""

from __future__ import annotations

from medssl.jobs.inputs import find_images, note_inputs
from medssl.jobs.requests import ShapeRequest
from medssl.progress import Progress
from medssl.runs import RunFolder
from medssl.segment.shape_guided.opening import open_shape
from medssl.segment.shape_guided.run import write_shape
from medssl.transfer import open_base
from medssl.transfer.base import RANDOM


def shape_job(request: ShapeRequest, run: RunFolder, progress: Progress) -> None:
    """Learn in a locked run folder.

    What was learned against the adversary is kept when it is interrupted; a refinement begins
    anew.
    """
    listing = find_images(request.images, run, progress)
    settings = request.settings
    base = open_base(request.model, settings.ndim) if request.model != RANDOM else None
    prepared, prior = open_shape(
        listing.sources,
        request.prior,
        settings,
        request.label,
        request.fields,
        progress=progress,
    )
    for problem in prepared.problems:
        run.event("log", level="left out", path=str(problem.path), message=problem.message)
    for note in (*prior.notes, *prepared.warnings):
        run.event("log", level="note", message=note)
    note_inputs(prepared, run)
    steps = settings.steps + settings.rounds * settings.refine_steps
    run.state("running", step=0, steps=steps)
    _, learned = write_shape(run.path, prepared, prior, settings, progress, base)
    for warning in learned.warnings:
        run.event("log", level="warning", message=warning)
    run.state("done", step=steps, steps=steps)
