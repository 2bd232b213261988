"""The job that fits a classifier of lesions."""

from __future__ import annotations

from medssl.jobs.inputs import find_images, note_inputs, prepare_images
from medssl.jobs.requests import LesionRequest
from medssl.lesions.labels import read_lesion_labels
from medssl.lesions.run import fit_into, open_base_for
from medssl.progress import Progress
from medssl.runs import RunFolder


def fit_job(request: LesionRequest, run: RunFolder, progress: Progress) -> None:
    """Fit in a locked run folder; a fit that was interrupted begins anew."""
    listing = find_images(request.images, run, progress)
    labels = read_lesion_labels(request.labels, listing.sources, request.columns, request.normal)
    base = open_base_for(listing.sources, request.model, request.sliced)
    prepared = prepare_images(listing.sources, base.input, run, progress)
    for note in labels.notes:
        run.event("log", level="note", message=note)
    note_inputs(prepared, run)
    steps = request.settings.folds * request.settings.learning.steps
    run.state("running", step=0, steps=steps)
    _, fitted = fit_into(run.path, prepared, labels, base, request.settings, progress)
    for note in fitted.notes:
        run.event("log", level="note", message=note)
    run.state("done", step=steps, steps=steps)
