"""Make a run folder from a request."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from medssl import __version__
from medssl.errors import SettingsError
from medssl.jobs.requests import (
    AnyRequest,
    LesionRequest,
    PretrainRequest,
    RefineRequest,
    SegmentRequest,
    ShapeRequest,
    job_of,
    read_request,
    write_request,
)
from medssl.pretrain.hardware import start_accelerator
from medssl.processes import is_first_process, launched_processes, while_others_wait
from medssl.runs import RunFolder, is_run_folder, runs_root


def create_job(
    request: AnyRequest,
    root: str | Path | None = None,
    folder: str | Path | None = None,
) -> Path:
    """Make the run folder of a request; nothing is started.

    Parameters
    ----------
    request
        What to do; its paths are made absolute.
    root
        Where the run folder is made, by default the user's runs.
    folder
        The run folder itself, in place of a new one in `root`. One that holds the same request
        is taken as it is, so that the job goes on.

    Returns
    -------
    folder
        The run folder.

    Raises
    ------
    SettingsError
        If `folder` holds another run.
    FileRefusedError
        If the request in `folder` is damaged.
    StorageError
        If the folder cannot be written.
    """
    request = _anywhere(request)
    if launched_processes() == 1:
        return _create(request, root, folder)
    if folder is None:
        raise SettingsError("several processes need one run folder: name it")
    start_accelerator(request.device)
    while_others_wait(partial(_create, request, root, folder) if is_first_process() else None)
    return Path(folder)


def _anywhere(request: AnyRequest) -> AnyRequest:
    """Make the paths of a request mean the same in every folder."""
    if isinstance(request, RefineRequest):
        (cohort,) = absolute_paths((request.cohort,))
        return request.model_copy(update={"cohort": cohort})
    request = request.model_copy(update={"images": absolute_paths(request.images)})
    if isinstance(request, LesionRequest):
        (labels,) = absolute_paths((request.labels,))
        return request.model_copy(update={"labels": labels})
    if isinstance(request, SegmentRequest):
        (masks,) = absolute_paths((request.masks,))
        return request.model_copy(update={"masks": masks})
    if isinstance(request, ShapeRequest):
        (prior,) = absolute_paths((request.prior,))
        fields = absolute_paths((request.fields,))[0] if request.fields else None
        return request.model_copy(update={"prior": prior, "fields": fields})
    return request


def absolute_paths(paths: Sequence[str]) -> tuple[str, ...]:
    """Make paths absolute: a job runs in another folder, and another day."""
    return tuple(str(Path(path).expanduser().absolute()) for path in paths)


def _create(request: AnyRequest, root: str | Path | None, folder: str | Path | None) -> Path:
    if folder is not None and is_run_folder(folder):
        _adopt(Path(folder), request)
        return Path(folder)
    path = Path(folder) if folder is not None else new_run_folder(request.verb, root)
    run = RunFolder(path.absolute())
    run.write_job(job_of(request) | {"created": time.time(), "versions": {"medssl": __version__}})
    run.state("queued")
    return run.path


def new_run_folder(verb: str, root: str | Path | None = None) -> Path:
    """Name a run folder that is not there yet; nothing is made."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    parent = runs_root() if root is None else Path(root)
    return parent / f"{stamp}-{verb}-{secrets.token_hex(2)}"


def _adopt(folder: Path, request: AnyRequest) -> None:
    """Let the run in a folder go on, with what a request may change of it."""
    stored = read_request(folder)
    kept: dict[str, Any] = {"name": request.name or stored.name}
    if isinstance(stored, PretrainRequest) and isinstance(request, PretrainRequest):
        kept["preview"] = stored.preview or request.preview
    request = request.model_copy(update=kept)
    free = {"threads": request.threads, **kept}
    if not isinstance(request, RefineRequest):
        free["images"] = request.images
    if stored.model_copy(update=free) != request:
        raise SettingsError(
            f"{folder}: this folder holds a run with other settings. Name another run folder, "
            "or repeat the first request to go on with it."
        )
    if request != stored:
        write_request(RunFolder(folder), request)
