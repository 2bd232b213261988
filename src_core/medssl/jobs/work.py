"""What each verb of a request does."""

from __future__ import annotations

from medssl.embed import embed_cohort, open_embedder
from medssl.embed.dimension import choose_ndim
from medssl.errors import SettingsError
from medssl.jobs.forecast_event import tell_forecast
from medssl.jobs.inputs import find_images, note_inputs, prepare_images
from medssl.jobs.lesions import fit_job
from medssl.jobs.refining import refine_in
from medssl.jobs.requests import (
    AnyRequest,
    EmbedRequest,
    LesionRequest,
    PretrainRequest,
    RefineRequest,
    SegmentRequest,
    ShapeRequest,
)
from medssl.jobs.segment import segment_job
from medssl.jobs.shape import shape_job
from medssl.prepare import ArrayCache, PreparedCohort
from medssl.pretrain.hardware import start_accelerator
from medssl.pretrain.run import pretrain_in
from medssl.processes import launched_processes, once_a_computer
from medssl.progress import Progress
from medssl.runs import RunFolder

_DOING = {
    "embed": "images are embedded",
    "refine": "landmarks are refined",
    "lesions": "images are learned from by labels",
    "segment": "images are learned from by masks",
    "shape": "images are learned from by a shape",
}


def join_processes(request: AnyRequest) -> None:
    """Join the processes that were started together for a request.

    Raises
    ------
    SettingsError
        If what is asked is done in one process.
    """
    if isinstance(request, PretrainRequest):
        start_accelerator(request.settings.device)
    elif launched_processes() > 1:
        raise SettingsError(f"{_DOING[request.verb]} in one process; start it without torchrun")


def do_request(request: AnyRequest, run: RunFolder, progress: Progress, watched: Progress) -> None:
    """Do what a request asks, in a locked run folder.

    Parameters
    ----------
    request
        What to do.
    run
        The run folder.
    progress
        The caller's, for work that tells the run's events itself.
    watched
        Tells the run's events and obeys a stop, for all other work.
    """
    run.state("starting")
    if isinstance(request, PretrainRequest):
        _pretrain(request, run, progress, watched)
    elif isinstance(request, RefineRequest):
        refine_in(run, request, watched)
    elif isinstance(request, LesionRequest):
        fit_job(request, run, watched)
    elif isinstance(request, SegmentRequest):
        segment_job(request, run, watched)
    elif isinstance(request, ShapeRequest):
        shape_job(request, run, watched)
    else:
        _embed(request, run, watched)


def _pretrain(
    request: PretrainRequest, run: RunFolder, progress: Progress, watched: Progress
) -> None:
    settings = request.settings

    def prepare() -> PreparedCohort:
        listing = find_images(request.images, run, watched)
        return prepare_images(listing.sources, settings.prepare, run, watched)

    prepared = once_a_computer(prepare)
    tell_forecast(run, settings, [case.grid.shape for case in prepared.cases])
    pretrain_in(run, prepared, settings, progress, request.preview)


def _embed(request: EmbedRequest, run: RunFolder, progress: Progress) -> None:
    listing = find_images(request.images, run, progress)
    ndim = choose_ndim(listing.sources, request.model)
    embedder = open_embedder(request.model, ndim=ndim, device=request.device)
    prepared = prepare_images(listing.sources, embedder.settings, run, progress)
    note_inputs(prepared, run)
    run.state("running", step=0, steps=len(prepared.cases))
    embed_cohort(prepared, embedder, ArrayCache(), progress=progress)
    run.state("done", step=len(prepared.cases), steps=len(prepared.cases))
