"""The forecast of a run among its events."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from medssl.jobs.forecast import forecast
from medssl.pretrain.settings import PretrainSettings
from medssl.processes import process_count
from medssl.runs import RunFolder

SHORT_STEPS = 50


def tell_forecast(
    run: RunFolder, settings: PretrainSettings, shapes: Sequence[tuple[int, ...]]
) -> None:
    """Write the forecast of a new run into its events, so that later ones learn from the run.

    A short run (`SHORT_STEPS`) is over before it could teach anything: it gets none. Nor does one
    of several processes: what one of them takes says little of another machine.
    """
    short = settings.steps is not None and settings.steps < SHORT_STEPS
    if short or not shapes or process_count() > 1 or "plan" in (run.read_job() or {}):
        return
    try:
        told = forecast(settings, shapes, threads=torch.get_num_threads())
    except RuntimeError as error:  # an operation of a recipe that needs values
        run.event("log", level="note", message=f"there is no forecast: {error}")
        return
    run.event(
        "forecast",
        basis=told.basis,
        steps=told.steps,
        seconds=told.seconds,
        step_seconds=told.step_seconds,
        memory_mb=told.memory_mb,
        disk_mb=told.disk_mb,
        counted=told.counted,
        message=told.text,
    )
    if told.warning:
        run.event("log", level="warning", message=told.warning)
