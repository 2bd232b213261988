"""Start or resume a pretraining in its run folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from medssl.errors import Cancelled, MedsslError, SettingsError
from medssl.pretrain.hardware import choose_hardware, start_accelerator
from medssl.pretrain.plan import Plan, job_record, make_plan
from medssl.pretrain.result import RunResult
from medssl.pretrain.settings import PretrainSettings
from medssl.pretrain.trainer import Trainer
from medssl.progress import Progress, silent
from medssl.runs import RunFolder

if TYPE_CHECKING:
    from medssl.prepare import PreparedCohort


def pretrain(
    images: PreparedCohort, settings: PretrainSettings, out: str | Path, progress: Progress = silent
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

    Raises
    ------
    SettingsError
        If images and settings do not fit, the folder holds another run, another process works
        on it, or the memory is too small.
    Cancelled
        If it was stopped: by `progress`, by SIGTERM, or by a file ``control/stop``.
    StorageError
        If the folder cannot be written.
    """
    plan, division = make_plan(images, settings)
    accelerator = start_accelerator(settings.device)
    with RunFolder(out, writes=accelerator.is_main_process) as folder:
        job = folder.read_job()
        accelerator.wait_for_everyone()
        if job is None:
            folder.write_job(job_record(plan, division))
        else:
            plan = _continued(folder, job, plan)
            if _is_done(folder):
                return _finished(folder, plan)
        folder.forget_old_requests()
        folder.state("starting")
        hardware = choose_hardware(accelerator.device, settings.precision, plan.wants_compilation())
        try:
            return Trainer(plan, division, folder, hardware, accelerator, progress).run()
        except Cancelled:
            raise
        except Exception as error:
            refused = _explain(error, plan)
            folder.event("error", message=str(refused))
            folder.state("failed")
            if refused is error:
                raise
            raise refused from error


def _continued(folder: RunFolder, job: dict[str, Any], plan: Plan) -> Plan:
    """Return the stored plan if it is of the same request."""
    stored = Plan.model_validate(job.get("plan"))
    same = stored.model_copy(update={"steps": plan.steps, "notes": plan.notes})
    if same != plan:
        differs = [name for name in Plan.model_fields if getattr(same, name) != getattr(plan, name)]
        raise SettingsError(
            f"{folder.path}: this folder holds a run with other {' and '.join(differs)}. "
            "Name another run folder, or repeat the first request to go on with it."
        )
    return stored


def _is_done(folder: RunFolder) -> bool:
    states = [event.get("state") for event in folder.events() if event.get("kind") == "state"]
    return bool(states) and states[-1] == "done" and (folder.model / "model.json").is_file()


def _finished(folder: RunFolder, plan: Plan) -> RunResult:
    events = folder.events()
    history = [event for event in events if event.get("kind") == "metric" and "loss" in event]
    warnings = dict.fromkeys(e["message"] for e in events if e.get("level") == "warning")
    end = next(event for event in reversed(events) if event.get("state") == "done")
    return RunResult(folder.model, plan.steps or 0, float(end["seconds"]), history, tuple(warnings))


def _explain(error: Exception, plan: Plan) -> Exception:
    if isinstance(error, MedsslError) or not _out_of_memory(error):
        return error
    half = max(1, plan.recipe.batch // 2)
    return SettingsError(
        f"the memory is too small for {plan.recipe.batch} images of "
        f"{' × '.join(map(str, plan.canvas))} a step; start again with a batch of {half}"
    )


def _out_of_memory(error: Exception) -> bool:
    """Whether an error says that the memory is full."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError) and "allocate memory" in str(error)
    )
