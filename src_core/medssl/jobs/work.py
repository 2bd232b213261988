"""What each verb of a request does."""

from __future__ import annotations

from collections.abc import Callable

from medssl.embed import embed_cohort, open_embedder
from medssl.embed.dimension import choose_ndim
from medssl.jobs.forecast_event import tell_forecast
from medssl.jobs.inputs import find_images, prepare_images
from medssl.jobs.requests import EmbedRequest, PretrainRequest
from medssl.prepare import ArrayCache
from medssl.pretrain.hardware import start_accelerator
from medssl.pretrain.run import pretrain_in
from medssl.progress import Progress
from medssl.runs import RunFolder


def do_request(
    request: PretrainRequest | EmbedRequest,
    run: RunFolder,
    progress: Progress,
    watched: Callable[[Progress], Progress],
) -> None:
    """Do what a request asks, in a locked run folder.

    Parameters
    ----------
    request
        What to do.
    run
        The run folder.
    progress
        The caller's.
    watched
        Wraps it for work that knows nothing of runs: tells the run's events and obeys a stop.
    """
    run.state("starting")
    if isinstance(request, PretrainRequest):
        _pretrain(request, run, progress, watched(progress))
    else:
        _embed(request, run, watched(progress))


def _pretrain(
    request: PretrainRequest, run: RunFolder, progress: Progress, watched: Progress
) -> None:
    settings = request.settings
    with start_accelerator(settings.device).main_process_first():
        listing = find_images(request.images, run, watched)
        prepared = prepare_images(listing, settings.prepare, run, watched)
    tell_forecast(run, settings, [case.grid.shape for case in prepared.cases])
    pretrain_in(run, prepared, settings, progress, request.preview)


def _embed(request: EmbedRequest, run: RunFolder, progress: Progress) -> None:
    listing = find_images(request.images, run, progress)
    ndim = choose_ndim(listing.sources, request.model)
    embedder = open_embedder(request.model, ndim=ndim, device=request.device)
    prepared = prepare_images(listing, embedder.settings, run, progress)
    inputs = [
        {"key": case.key, "path": str(case.path.absolute()), "fingerprint": case.fingerprint}
        for case in prepared.cases
    ]
    run.write_job((run.read_job() or {}) | {"inputs": inputs})
    run.state("running", step=0, steps=len(prepared.cases))
    embed_cohort(prepared, embedder, ArrayCache(), progress=progress)
    run.state("done", step=len(prepared.cases), steps=len(prepared.cases))
