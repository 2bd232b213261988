"""Time, memory and disk of a pretraining, told before it starts."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import psutil
import torch

from medssl.devices import choose_device
from medssl.errors import SettingsError
from medssl.jobs.forecast_count import StepCount, count_step, mebibytes
from medssl.jobs.forecast_history import Experience, look_back
from medssl.jobs.forecast_speed import Speed, machine_speed
from medssl.jobs.forecast_text import describe, warn
from medssl.memory import free_memory_mb
from medssl.prepare.cache import default_cache_root
from medssl.prepare.settings import PrepareSettings
from medssl.pretrain.hardware import Hardware, choose_hardware
from medssl.pretrain.plan import HOLD_OUT_FROM, Plan, choose_canvas, choose_view
from medssl.pretrain.recipe import Recipe
from medssl.pretrain.settings import PretrainSettings
from medssl.pretrain.trainer import RESERVE_SECONDS
from medssl.pretrain.warmup import PREPARING_STEPS, TIMED_STEPS
from medssl.runs import RunFolder, runs_root

Basis = Literal["counted", "measured before", "measured now"]

PRODUCTS_SHARE = 0.5
"""Share of the speed of large matrix products that convolutions reach."""
MOVES_SHARE = 0.85
"""Share of the speed of plain additions that everything else reaches."""
PROCESS_MB = 700
"""What an interpreter with torch, a job's images and the allocator's gaps take."""
COMPILER_MB = 100
CUDA_MB = 600
"""What CUDA takes of a card for itself."""
CUDA_GAPS = 1.1
BATCHES_AHEAD = 3
COMPILE_SECONDS = 30.0
SHORT_STEPS = 50
LINK_SECONDS = 0.06
EVENTS_BYTES = 1 << 20
LINKED_BYTES = 24 << 10
CHECKPOINT_COPIES = 3
"""A checkpoint holds the weights and two moments of each."""


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
        What was counted, before earlier runs corrected it: kept in the run's events, so that
        later forecasts learn from what is measured then.
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
    Time follows from the speed of the machine, which is measured in a quarter of a second, and
    from what earlier runs of the same kind took.

    Parameters
    ----------
    settings
        What will be trained.
    shapes
        Size of each image, of its source or of its working grid: one an image.
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
    plan = _plan(settings, recipe, working_shapes(shapes, recipe.prepare))
    chosen = choose_device(settings.device if device == "auto" else device)
    hardware = choose_hardware(chosen, settings.precision, plan.wants_compilation())
    threads = threads or background_threads()
    counts = _count(recipe, plan.canvas, plan.view, plan.n_images > 1, hardware.precision)
    speed = machine_speed(chosen, hardware.precision, threads, default_cache_root())
    stages = [_step_seconds(count, speed) for count in counts]
    needed = _memory_mb(plan, counts, hardware)
    kind = kind_of(recipe, hardware, threads)
    past = look_back(Path(history) if history is not None else runs_root(), kind)
    learned = past or Experience(0, 1.0, 1.0)
    mean = _mean(recipe, stages) * learned.seconds
    memory = math.ceil(needed * learned.memory)
    steps, seconds = _steps_and_seconds(plan, mean, stages, hardware)
    free = free_memory_mb(chosen) - (CUDA_MB if chosen.type == "cuda" else 0)
    batch = _fitting_batch(recipe, memory, free, 0 if chosen.type == "cuda" else PROCESS_MB)
    run_mb, images_mb = _disk_mb(plan, counts[0], shapes)
    return Forecast(
        steps=steps,
        seconds=round(seconds, 1),
        memory_mb=memory,
        disk_mb=run_mb + images_mb,
        basis="measured before" if past else "counted",
        text=describe(steps, seconds, mean, memory, free, run_mb + images_mb, learned.runs),
        warning=warn(memory, free, batch, recipe, _free_disk_mb(), run_mb + images_mb),
        step_seconds=round(mean, 4),
        fitting_batch=batch,
        counted={"of": kind, "step_seconds": stages[0], "memory_mb": needed},
    )


def working_shapes(
    shapes: Sequence[tuple[int, ...]], settings: PrepareSettings
) -> list[tuple[int, ...]]:
    """Return the sizes that images have on the working grid, from their sizes in the files.

    Sizes on the working grid come back as they are. Without voxel sizes a volume is taken to
    keep its voxels, but for the most that a side may have.

    Raises
    ------
    SettingsError
        If there is no image of the right dimension.
    """
    found = []
    for shape in shapes:
        sides = [side for side in shape if side > 1] if len(shape) > settings.ndim else list(shape)
        if len(sides) != settings.ndim:
            continue
        longest = max(sides)
        wanted = settings.longest_side if settings.ndim == 2 else min(longest, settings.max_side)
        found.append(tuple(max(1, round(side * wanted / longest)) for side in sides))
    if not found:
        raise SettingsError(f"there is no {settings.ndim}-D image to forecast a training of")
    return found


def background_threads() -> int:
    """Return the threads that a job in the background computes with: all cores but one."""
    process = psutil.Process()
    cores = len(process.cpu_affinity()) if hasattr(process, "cpu_affinity") else os.cpu_count()
    return max(1, (cores or 1) - 1)


def kind_of(recipe: Recipe, hardware: Hardware, threads: int) -> dict[str, Any]:
    """Say what two trainings must agree in for one to tell the time of the other."""
    on_cpu = hardware.device.type == "cpu"
    return {
        "recipe": recipe.name,
        "ndim": recipe.architecture.ndim,
        "device": "cpu" if on_cpu else torch.cuda.get_device_name(hardware.device),
        "precision": hardware.precision,
        "compiled": hardware.compiled,
        "threads": threads if on_cpu else 0,
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
    return count.operations / (speed.operations * PRODUCTS_SHARE) + count.moved_bytes / (
        speed.moved_bytes * MOVES_SHARE
    )


def _mean(recipe: Recipe, seconds: Sequence[float]) -> float:
    """Weigh the stages by their shares of the steps."""
    shares = [stage.share for stage in recipe.stages]
    return sum(s * t for s, t in zip(shares, seconds, strict=True)) / sum(shares)


def _memory_mb(plan: Plan, counts: Sequence[StepCount], hardware: Hardware) -> int:
    peak = max(count.peak_bytes for count in counts)
    if hardware.device.type == "cuda":
        return mebibytes(peak * CUDA_GAPS)
    voxels = math.prod(plan.canvas) * plan.recipe.architecture.in_channels
    ahead = BATCHES_AHEAD * plan.recipe.batch * voxels * 4
    return mebibytes(peak + ahead) + PROCESS_MB + (COMPILER_MB if hardware.compiled else 0)


def _steps_and_seconds(
    plan: Plan, step_seconds: float, stages: Sequence[float], hardware: Hardware
) -> tuple[int, float]:
    before = COMPILE_SECONDS if hardware.compiled else 0.0
    if plan.recipe.links_images:
        before += LINK_SECONDS * plan.n_images
    if plan.steps is not None:
        return plan.steps, before + plan.steps * step_seconds
    minutes = plan.settings.minutes or plan.recipe.minutes or 0.0
    before += RESERVE_SECONDS + (PREPARING_STEPS + TIMED_STEPS) * sum(stages)
    return max(1, int((minutes * 60 - before) / step_seconds)), minutes * 60


def _fitting_batch(recipe: Recipe, memory_mb: int, free_mb: int, fixed_mb: int) -> int:
    """Return the largest batch that fits; memory beyond the process grows with the batch."""
    if memory_mb <= free_mb:
        return recipe.batch
    fits = math.floor(recipe.batch * max(0, free_mb - fixed_mb) / max(1, memory_mb - fixed_mb))
    pairs = any(stage.views.kind == "pairs" for stage in recipe.stages)
    return fits // 2 * 2 if pairs else fits


def _disk_mb(plan: Plan, count: StepCount, shapes: Sequence[tuple[int, ...]]) -> tuple[int, int]:
    """Return what the run folder and what the prepared images take."""
    keeps_best = plan.recipe.held_out > 0 and plan.n_images >= HOLD_OUT_FROM
    checkpoints = (3 if keeps_best else 2) * CHECKPOINT_COPIES  # one of them being written
    run = (checkpoints + 1) * count.weight_bytes + EVENTS_BYTES
    if plan.recipe.links_images:
        run += plan.n_images * LINKED_BYTES
    voxels = sum(math.prod(shape) for shape in working_shapes(shapes, plan.recipe.prepare))
    return mebibytes(run), mebibytes(voxels * plan.recipe.architecture.in_channels * 2)


def _free_disk_mb() -> int:
    """Return what the disk of the cache has left."""
    folder = default_cache_root()
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free >> 20


def tell_forecast(
    run: RunFolder, settings: PretrainSettings, shapes: Sequence[tuple[int, ...]]
) -> None:
    """Write the forecast of a new run into its events, so that later ones learn from the run.

    A short run (`SHORT_STEPS`) is over before it could teach anything: it gets none.
    """
    short = settings.steps is not None and settings.steps < SHORT_STEPS
    if short or not shapes or not run.writes or "plan" in (run.read_job() or {}):
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
