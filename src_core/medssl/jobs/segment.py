"""The job that learns masks of structures from few labelled images."""

from __future__ import annotations

from medssl.embed.dimension import choose_ndim
from medssl.jobs.inputs import find_images, note_inputs, prepare_images
from medssl.jobs.requests import SegmentRequest
from medssl.progress import Progress
from medssl.runs import RunFolder
from medssl.transfer import (
    draw_labelled,
    find_masks,
    images_with_masks,
    learn_outlines,
    open_base,
)
from medssl.transfer.base import RANDOM


def segment_job(request: SegmentRequest, run: RunFolder, progress: Progress) -> None:
    """Learn in a locked run folder; a training that was interrupted begins anew."""
    listing = find_images(request.images, run, progress)
    named = [request.model] if request.model != RANDOM else []
    base = open_base(request.model, 3 if choose_ndim(listing.sources, *named) == 3 else 2)
    base = base.worked_at(request.settings.longest_side)
    prepared = prepare_images(listing.sources, base.input, run, progress)
    masks = find_masks(request.masks, prepared.cases, request.structures)
    known = images_with_masks(prepared, masks)
    keys = draw_labelled({"masks": known}, request.labelled, request.settings.seed, known)
    note_inputs(prepared, run)
    steps = request.settings.steps
    run.state("running", step=0, steps=steps)
    learn_outlines(run.path, prepared, masks, keys, base, request.settings, progress)
    run.state("done", step=steps, steps=steps)
