"""Start or resume a pretraining in its run folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from medssl.errors import ModelError, SettingsError
from medssl.nets import DenseNet
from medssl.objectives import ShapeMasks
from medssl.pretrain.hardware import choose_hardware, start_accelerator
from medssl.pretrain.memory import out_of_memory
from medssl.pretrain.plan import Plan, bare_request, job_record, make_plan
from medssl.pretrain.preview import PreviewSettings
from medssl.pretrain.result import RunResult, is_done, read_result
from medssl.pretrain.settings import PretrainSettings
from medssl.pretrain.trainer import Trainer
from medssl.processes import lost_processes_told, same_everywhere
from medssl.progress import Progress, silent
from medssl.runs import RunFolder
from medssl.runs.outcome import told

if TYPE_CHECKING:
    from medssl.prepare import PreparedCohort


def pretrain(
    images: PreparedCohort,
    settings: PretrainSettings,
    out: str | Path,
    progress: Progress = silent,
    preview: PreviewSettings | None = None,
    shapes: ShapeMasks | None = None,
    begin: DenseNet | None = None,
) -> RunResult:
    """Train a dense encoder on unlabelled images.

    Parameters
    ----------
    images
        A cohort prepared with ``settings.prepare``.
    settings
        What to train.
    out
        Run folder. An unfinished run of the same settings and images goes on where it was; a
        finished one is returned as it is.
    progress
        Called at each step; may raise `Cancelled`: the state is saved, the same call goes on.
    preview
        What to write into ``previews/`` while it runs; None: nothing. It changes no result.
    shapes
        Masks of a shape, for recipes whose objectives know one.
    begin
        A net whose encoder and decoder this one begins with; None: random weights.

    Raises
    ------
    SettingsError
        If images and settings do not fit, the folder holds another run, another process works
        on it, or the memory is too small.
    Cancelled
        If it was stopped: by `progress`, by SIGTERM, by Ctrl-C, or by a file ``control/stop``.
    StorageError
        If the folder cannot be written.
    """
    make_plan(images, settings)
    accelerator = start_accelerator(settings.device)
    with RunFolder(out, writes=accelerator.is_main_process) as folder:
        if is_done(folder):
            return pretrain_in(folder, images, settings, progress, preview, shapes, begin)
        folder.forget_old_requests()
        with told(folder):
            folder.state("starting")
            return pretrain_in(folder, images, settings, progress, preview, shapes, begin)


def pretrain_in(
    folder: RunFolder,
    images: PreparedCohort,
    settings: PretrainSettings,
    progress: Progress,
    preview: PreviewSettings | None = None,
    shapes: ShapeMasks | None = None,
    begin: DenseNet | None = None,
) -> RunResult:
    """Train in a locked run folder; whoever locked it tells how it ended."""
    plan, division = make_plan(images, settings)
    accelerator = start_accelerator(settings.device)
    job = folder.read_job() or {}
    accelerator.wait_for_everyone()
    if "plan" in job:
        plan = _continued(folder, job, plan)
        if is_done(folder):
            return read_result(folder)
    else:
        request = {"request": bare_request(plan, division)}
        folder.write_job(request | job | job_record(plan, division))
    if not same_everywhere(plan.model_dump_json()):
        raise SettingsError(
            f"{folder.path}: the processes find different images or settings. The images must be "
            "the same, at the same place, on the computers of all processes."
        )
    hardware = choose_hardware(accelerator.device, settings.precision, plan.wants_compilation())
    trainer = Trainer(
        plan, division, folder, hardware, accelerator, progress, preview, shapes, begin
    )
    try:
        with lost_processes_told():
            return trainer.run()
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        full = str(error)
    # Outside of the handler, so that the tensors of the failed step are let go of.
    raise SettingsError(trainer.describe_lack_of_memory()) from MemoryError(full)


def _continued(folder: RunFolder, job: dict[str, Any], plan: Plan) -> Plan:
    """Return the stored plan if it is of the same request."""
    try:
        stored = Plan.model_validate(job["plan"])
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, ("plan", *first["loc"])))
        raise ModelError(
            f"{folder.path / 'job.json'}: {where} is damaged ({first['msg']}). "
            "Put job.json back as it was, or start a new run."
        ) from error
    same = stored.model_copy(update={"steps": plan.steps, "notes": plan.notes})
    if same != plan:
        differs = [name for name in Plan.model_fields if getattr(same, name) != getattr(plan, name)]
        raise SettingsError(
            f"{folder.path}: this folder holds a run with other {' and '.join(differs)}. "
            "Name another run folder, or repeat the first request, with the images as they were, "
            "to go on with it."
        )
    return stored
