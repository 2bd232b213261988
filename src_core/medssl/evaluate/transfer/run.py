"""The comparison from images and labels to the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medssl.embed.dimension import choose_ndim
from medssl.errors import SettingsError
from medssl.evaluate.transfer.cells import Cell, fill_cell
from medssl.evaluate.transfer.classification import Classification
from medssl.evaluate.transfer.methods import (
    Start,
    common_net,
    common_preparation,
    given_start,
    pretrained_start,
    random_start,
    same_shape,
    without,
)
from medssl.evaluate.transfer.request import RANDOM, TransferRequest
from medssl.evaluate.transfer.segmentation import Segmentation
from medssl.evaluate.transfer.splits import is_tested
from medssl.evaluate.transfer.summary import summarise
from medssl.evaluate.transfer.task import Task
from medssl.io import ImageListing
from medssl.prepare import ArrayCache, PreparedCohort, prepare_cohort
from medssl.progress import Progress, silent
from medssl.transfer import FinetuneSettings, draw_labelled, find_masks, read_labels

SMALLEST_TEST = 5


def evaluate_transfer(
    images: ImageListing,
    targets: str | Path,
    out: str | Path,
    request: TransferRequest,
    columns: Sequence[str] = ("label",),
    structures: Mapping[str, Sequence[str]] | None = None,
    groups: Mapping[str, str] | None = None,
    cache: ArrayCache | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Compare pretrainings by what few labels give after them.

    The tested images are chosen by their names (or groups) alone and seen by no training, with
    labels or without. All methods have the same net, working grid, labelled images, steps and
    views; only the weights that they begin with differ.

    Parameters
    ----------
    images
        All images.
    targets
        A table of labels, or a folder of masks.
    out
        Where trainings (``pretrained/``) and cells (``cells/``) are kept; the same call goes on
        where it was.
    request
        What to compare.
    columns
        Of the table.
    structures
        Of the masks: name to what it is made of; None: all there are.
    groups
        By key: what belongs together and stays on one side; a table's column ``group`` is used
        without being asked.
    cache
        Of prepared images; by default the user's.
    progress
        Told throughout; may raise `Cancelled`.

    Returns
    -------
    dict
        ``task``, ``metric``, ``rows`` (see `summarise`), ``tested``, ``pool``, ``pretraining`` (by
        method: steps, seconds, warnings), ``request``, ``notes``.

    Raises
    ------
    SettingsError
        If there are too few images for what is asked.
    FileRefusedError
        If labels or masks do not fit the images.
    """
    ndim = choose_ndim(images.sources)
    cache = cache if cache is not None else ArrayCache()
    prepared = prepare_cohort(images, common_preparation(request, ndim), cache, progress)
    task, notes = open_task(images, prepared, targets, columns, structures, groups)
    tested, pool = split(task, request)
    out = Path(out)
    starts, controls = _starts(request, without(prepared, _hidden(task, request)), out, progress)
    cells = _fill(task, request, starts, tested, pool, out / "cells", progress)
    return {
        "task": task.name,
        "metric": task.metric,
        "rows": summarise(task, cells, tested, controls, request.bootstrap),
        "tested": len(tested),
        "pool": len(pool),
        "pretraining": {start.name: start.record for start in starts if start.record},
        "request": request.model_dump(mode="json"),
        "notes": [*notes, *(problem.message for problem in prepared.problems)],
    }


def open_task(
    images: ImageListing,
    prepared: PreparedCohort,
    targets: str | Path,
    columns: Sequence[str],
    structures: Mapping[str, Sequence[str]] | None,
    groups: Mapping[str, str] | None,
) -> tuple[Task, tuple[str, ...]]:
    """Read labels or masks; returns the task and what a person should know of it."""
    if Path(targets).is_dir():
        masks = find_masks(targets, prepared.cases, structures)
        return Segmentation(prepared, masks, groups), ()
    labels = read_labels(targets, images.sources, columns)
    task = Classification(prepared, labels)
    task.groups = task.groups | dict(groups or {})
    return task, labels.notes


def split(task: Task, request: TransferRequest) -> tuple[list[str], list[str]]:
    """Return the labelled images that are tested, and those that may be learned from.

    Raises
    ------
    SettingsError
        If too few are tested, or a class is on one side only.
    """
    hidden = set(_hidden(task, request))
    labelled = sorted({key for members in task.strata.values() for key in members})
    tested = [key for key in labelled if key in hidden]
    pool = [key for key in labelled if key not in hidden]
    if len(tested) < SMALLEST_TEST:
        raise SettingsError(
            f"{len(tested)} of {len(labelled)} labelled images are tested: too few to compare "
            f"anything. Label more, or raise the share that is tested ({request.test_share:g})."
        )
    for name, members in task.strata.items():
        for side, keys in (("tested", tested), ("learned from", pool)):
            if not set(members) & set(keys):
                raise SettingsError(
                    f"no image of {name!r} can be {side}: it has {len(members)}. Label more of it."
                )
    return tested, pool


def _hidden(task: Task, request: TransferRequest) -> list[str]:
    """Return all images, labelled or not, that no training sees."""
    keys = [case.key for case in task.images.cases]
    return [key for key in keys if is_tested(task.groups.get(key, key), request.test_share)]


def _starts(
    request: TransferRequest, seen: PreparedCohort, out: Path, progress: Progress
) -> tuple[list[Start], dict[str, str]]:
    """Return the nets to begin with, and with which control each is compared."""
    base = random_start(common_net(request, seen.settings.ndim))
    starts = [base] if RANDOM in request.methods else []
    starts += [
        pretrained_start(name, request, seen, out / "pretrained", progress)
        for name in request.methods
        if name != RANDOM
    ]
    for name, path in request.models.items():
        start = given_start(name, path, seen.settings)
        if not any(same_shape(start.architecture, other.architecture) for other in starts):
            own = f"{RANDOM} ({name})"
            starts.append(Start(own, start.architecture, None, RANDOM, {}))
        starts.append(start)
    controls = {}
    for start in starts:
        if start.net is not None:
            fitting = (
                other.name
                for other in starts
                if other.net is None and same_shape(start.architecture, other.architecture)
            )
            controls[start.name] = next(fitting, "")
    return starts, controls


def _fill(
    task: Task,
    request: TransferRequest,
    starts: Sequence[Start],
    tested: Sequence[str],
    pool: Sequence[str],
    folder: Path,
    progress: Progress,
) -> list[Cell]:
    cells: list[Cell] = []
    total = len(starts) * len(request.labelled) * request.seeds
    for seed in range(request.seeds):
        settings = finetune_settings(task, request, seed)
        for amount in request.labelled:
            keys = draw_labelled(task.strata, amount, seed, pool)
            for start in starts:
                tell = _telling(
                    progress, len(cells), total, f"{start.name}, {amount} labels, seed {seed}"
                )
                tell(0, settings.steps, "")
                labelled = (amount, keys)
                cells.append(fill_cell(task, start, labelled, tested, settings, folder, tell))
    return cells


def finetune_settings(task: Task, request: TransferRequest, seed: int) -> FinetuneSettings:
    """Return the settings of all fine-tunings of a seed."""
    preset = FinetuneSettings.preset(
        ndim=task.images.settings.ndim, upright=request.upright, device=request.device, seed=seed
    )
    return preset.model_copy(update={"steps": request.finetune_steps or task.steps})


def _telling(progress: Progress, cell: int, cells: int, what: str) -> Progress:
    """Tell the steps of a cell as a message beside the cells."""

    def tell(done: int, total: int, message: str) -> None:
        progress(cell, cells, f"cell {cell + 1} of {cells}: {what} {message} {done}/{total}")

    return tell
