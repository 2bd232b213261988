"""Time, memory and disk of a pretraining, told before it starts."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import psutil
import torch

from medssl.devices import choose_device
from medssl.jobs.forecast_count import StepCount, count_step
from medssl.jobs.forecast_history import Experience, look_back
from medssl.jobs.forecast_shapes import working_shapes
from medssl.jobs.forecast_space import (
    CUDA_MB,
    PROCESS_MB,
    disk_mb,
    fitting_batch,
    free_disk_mb,
    needed_memory_mb,
)
from medssl.jobs.forecast_speed import Speed, machine_speed
from medssl.jobs.forecast_text import describe, warn
from medssl.memory import free_memory_mb
from medssl.prepare.cache import default_cache_root
from medssl.pretrain.hardware import Hardware, choose_hardware
from medssl.pretrain.minutes import RESERVE_SECONDS
from medssl.pretrain.plan import Plan, choose_canvas, choose_view
from medssl.pretrain.recipe import Recipe
from medssl.pretrain.settings import PretrainSettings
from medssl.pretrain.warmup import PREPARING_STEPS, TIMED_STEPS
from medssl.runs import runs_root

Basis = Literal["counted", "measured before", "measured now"]

PRODUCTS_SHARE = 0.65
"""Share of the speed of large matrix products that convolutions reach."""
MOVES_SHARE = 0.28
"""Share of the speed of plain additions that everything else reaches."""
CALL_SECONDS = 10e-6
"""What starting an operation takes, however small it is."""
COMPILE_SECONDS = 30.0
LINK_SECONDS = 0.06
"""Seconds in which an image is linked to its partners."""
WORD_SECONDS = {2: 0.02, 3: 0.3}
"""Seconds in which an image is described to find the visual words, by dimension."""


@dataclass(frozen=True)
class Forecast:
    """What a pretraining will take.

    Parameters
    ----------
    steps
        Number of steps.
    seconds
        From the start to the end.
    memory_mb
        Most that is held at once, in MiB: of the card where it trains on one, else of the
        machine.
    disk_mb
        What the run folder and the prepared images take, in MiB.
    basis
        Counted from the net and the speed of the machine, or corrected by earlier runs.
    text
        All of it in words.
    warning
        What a person should change before the start; empty where nothing is in the way.
    step_seconds
        Mean of a step.
    fitting_batch
        Largest batch that the free memory holds: the recipe's own where it fits, 0 where none
        does.
    counted
        What was counted for the first stage, before earlier runs corrected it: kept in the
        run's events, so that later forecasts learn from what is measured then.
    """

    steps: int
    seconds: float
    memory_mb: int
    disk_mb: int
    basis: Basis
    text: str
    warning: str
    step_seconds: float
    fitting_batch: int
    counted: dict[str, Any] = field(default_factory=dict, repr=False)


def forecast(
    settings: PretrainSettings,
    shapes: Sequence[tuple[int, ...]],
    device: str = "auto",
    history: str | Path | None = None,
    threads: int | None = None,
) -> Forecast:
    """Forecast a pretraining.

    The trainer's own step is run on tensors without values: operations and memory are counted.
    Time follows from the speed of the machine, which is measured in half a second, and
    from what earlier runs of the same kind took.

    Parameters
    ----------
    settings
        What will be trained.
    shapes
        Size of each image on its working grid or in cubic voxels (`cubic_shape`): one an image.
    device
        Where; ``"auto"``: the settings' own.
    history
        Folder of earlier runs, by default the user's.
    threads
        Threads of the processor; by default all cores but one, as a job in the background has.

    Raises
    ------
    SettingsError
        If there is no image, or no such device.
    """
    recipe = settings.resolve()
    working = working_shapes(shapes, recipe.prepare)
    plan = _plan(settings, recipe, working)
    chosen = choose_device(settings.device if device == "auto" else device)
    hardware = choose_hardware(chosen, settings.precision, plan.wants_compilation())
    threads = threads or background_threads()
    counts = _count(recipe, plan.canvas, plan.view, plan.n_images > 1, hardware.precision)
    speed = machine_speed(chosen, hardware.precision, threads, default_cache_root())
    stages = [_step_seconds(count, speed) for count in counts]
    needed = needed_memory_mb(plan, counts, hardware)
    kind = kind_of(recipe, hardware, threads)
    past = look_back(Path(history) if history is not None else runs_root(), kind)
    learned = past or Experience(0, 1.0, 1.0)
    mean = _mean(recipe, stages) * learned.seconds
    memory = math.ceil(needed * learned.memory)
    steps, seconds = _steps_and_seconds(plan, mean, stages, hardware)
    free = free_memory_mb(chosen) - (CUDA_MB if chosen.type == "cuda" else 0)
    batch = fitting_batch(recipe, memory, free, 0 if chosen.type == "cuda" else PROCESS_MB)
    run_mb, images_mb = disk_mb(plan, counts[0], working)
    return Forecast(
        steps=steps,
        seconds=round(seconds, 1),
        memory_mb=memory,
        disk_mb=run_mb + images_mb,
        basis="measured before" if past else "counted",
        text=describe(steps, seconds, mean, memory, free, run_mb + images_mb, learned.runs),
        warning=warn(memory, free, batch, recipe, free_disk_mb(), run_mb + images_mb),
        step_seconds=round(mean, 4),
        fitting_batch=batch,
        counted={
            "of": kind,
            "step_seconds": stages[0],
            "memory_mb": needed_memory_mb(plan, counts[:1], hardware),
        },
    )


def background_threads() -> int:
    """Return the threads that a job in the background computes with: all cores but one."""
    process = psutil.Process()
    cores = len(process.cpu_affinity()) if hasattr(process, "cpu_affinity") else os.cpu_count()
    return max(1, (cores or 1) - 1)


def kind_of(recipe: Recipe, hardware: Hardware, threads: int) -> dict[str, Any]:
    """Say what two trainings must agree in for one to tell the time of the other."""
    device = hardware.device.type
    if device == "cuda":
        device = torch.cuda.get_device_name(hardware.device)
    return {
        "recipe": recipe.name,
        "widths": list(recipe.architecture.widths),
        "ndim": recipe.architecture.ndim,
        "device": device,
        "precision": hardware.precision,
        "compiled": hardware.compiled,
        "threads": threads if device == "cpu" else 0,
    }


def _plan(settings: PretrainSettings, recipe: Recipe, shapes: list[tuple[int, ...]]) -> Plan:
    canvas = choose_canvas(shapes, recipe)
    return Plan(
        settings=settings,
        recipe=recipe,
        prepare=recipe.prepare,
        canvas=canvas,
        view=choose_view(canvas, recipe),
        n_images=len(shapes),
        fingerprint="",
        steps=settings.steps or (None if settings.minutes else recipe.steps),
    )


@lru_cache(maxsize=32)
def _count(
    recipe: Recipe,
    canvas: tuple[int, ...],
    view: tuple[int, ...],
    several: bool,
    precision: Literal["float32", "bf16"],
) -> tuple[StepCount, ...]:
    """Count a step of each stage; what was counted once is known."""
    plan = Plan(
        settings=PretrainSettings(custom=recipe, ndim=recipe.architecture.ndim),
        recipe=recipe,
        prepare=recipe.prepare,
        canvas=canvas,
        view=view,
        n_images=recipe.batch if several else 1,
        fingerprint="",
        steps=1,
    )
    return tuple(count_step(plan, number, precision) for number in range(len(recipe.stages)))


def _step_seconds(count: StepCount, speed: Speed) -> float:
    products = count.operations / (speed.operations * PRODUCTS_SHARE)
    moves = count.moved_bytes / (speed.moved_bytes * MOVES_SHARE)
    return products + moves + count.calls * CALL_SECONDS


def _mean(recipe: Recipe, seconds: Sequence[float]) -> float:
    """Weigh the stages by their shares of the steps."""
    shares = [stage.share for stage in recipe.stages]
    return sum(s * t for s, t in zip(shares, seconds, strict=True)) / sum(shares)


def _steps_and_seconds(
    plan: Plan, step_seconds: float, stages: Sequence[float], hardware: Hardware
) -> tuple[int, float]:
    before = COMPILE_SECONDS if hardware.compiled else 0.0
    if plan.recipe.links_images:
        before += LINK_SECONDS * plan.n_images
    if plan.recipe.stage_with_words is not None:
        before += WORD_SECONDS[plan.recipe.architecture.ndim] * plan.n_images
    if plan.steps is not None:
        return plan.steps, before + plan.steps * step_seconds
    minutes = plan.settings.minutes or plan.recipe.minutes or 0.0
    before += RESERVE_SECONDS + (PREPARING_STEPS + TIMED_STEPS) * sum(stages)
    return max(1, int((minutes * 60 - before) / step_seconds)), minutes * 60
