"""Memory and disk that a training needs."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence

from medssl.jobs.forecast_count import StepCount, mebibytes
from medssl.prepare.cache import default_cache_root
from medssl.pretrain.hardware import Hardware
from medssl.pretrain.plan import HOLD_OUT_FROM, Plan
from medssl.pretrain.recipe import Recipe

PROCESS_MB = 700
"""What an interpreter with torch, a job's images and the allocator's gaps take."""
CUDA_MB = 600
"""What CUDA takes of a card for itself."""
CUDA_GAPS = 1.1
BATCHES_AHEAD = 3
"""Batches that are read while one is trained on."""
EVENTS_BYTES = 1 << 20
LINKED_BYTES = 24 << 10
CHECKPOINT_COPIES = 3
"""A checkpoint holds the weights and two moments of each."""


def needed_memory_mb(plan: Plan, counts: Sequence[StepCount], hardware: Hardware) -> int:
    """Return the most that a training holds at once: on its card, or in the whole process."""
    peaks = [c.forward_bytes if hardware.compiled else c.peak_bytes for c in counts]
    if hardware.device.type == "cuda":
        return mebibytes(max(peaks) * CUDA_GAPS)
    voxels = math.prod(plan.canvas) * plan.recipe.architecture.in_channels
    ahead = BATCHES_AHEAD * plan.recipe.batch * voxels * 4
    return mebibytes(max(peaks) + ahead) + PROCESS_MB


def fitting_batch(recipe: Recipe, needed_mb: int, free_mb: int, fixed_mb: int) -> int:
    """Return the largest batch that fits: what is not fixed grows with the batch."""
    if needed_mb <= free_mb:
        return recipe.batch
    fits = math.floor(recipe.batch * max(0, free_mb - fixed_mb) / max(1, needed_mb - fixed_mb))
    pairs = any(stage.views.kind == "pairs" for stage in recipe.stages)
    return fits // 2 * 2 if pairs else fits


def disk_mb(plan: Plan, count: StepCount, working: Sequence[tuple[int, ...]]) -> tuple[int, int]:
    """Return what the run folder and what the prepared images of some sizes take."""
    keeps_best = plan.recipe.held_out > 0 and plan.n_images >= HOLD_OUT_FROM
    checkpoints = (3 if keeps_best else 2) * CHECKPOINT_COPIES  # one of them being written
    run = (checkpoints + 1) * count.weight_bytes + EVENTS_BYTES
    if plan.recipe.links_images:
        run += plan.n_images * LINKED_BYTES
    voxels = sum(math.prod(shape) for shape in working)
    return mebibytes(run), mebibytes(voxels * plan.recipe.architecture.in_channels * 2)


def free_disk_mb() -> int:
    """Return what the disk of the cache has left."""
    folder = default_cache_root()
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free >> 20
