"""The comparison from images and labels to the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medssl.evaluate.transfer.cells import Cell, fill_cell
from medssl.evaluate.transfer.comparison import Comparison, open_comparison
from medssl.evaluate.transfer.request import TransferRequest
from medssl.evaluate.transfer.summary import summarise
from medssl.io import ImageListing
from medssl.prepare import ArrayCache
from medssl.progress import Progress, silent
from medssl.transfer import draw_labelled


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
    out = Path(out)
    compared = open_comparison(
        images, targets, out, request, columns, structures, groups, cache, progress
    )
    task, tested = compared.task, compared.tested
    cells = _fill(compared, out / "cells", progress)
    return {
        "task": task.name,
        "metric": task.metric,
        "rows": summarise(task, cells, tested, compared.controls, request.bootstrap),
        "tested": len(tested),
        "pool": len(compared.pool),
        "pretraining": {start.name: start.record for start in compared.starts if start.record},
        "request": request.model_dump(mode="json"),
        "notes": list(compared.notes),
    }


def _fill(compared: Comparison, folder: Path, progress: Progress) -> list[Cell]:
    request, task = compared.request, compared.task
    cells: list[Cell] = []
    total = len(compared.starts) * len(request.labelled) * request.seeds
    for seed in range(request.seeds):
        settings = compared.settings(seed)
        for amount in request.labelled:
            keys = draw_labelled(task.strata, amount, seed, compared.pool)
            for start in compared.starts:
                what = f"{start.name}, {amount} labels, seed {seed}"
                tell = _telling(progress, len(cells), total, what)
                tell(0, settings.steps, "")
                cells.append(
                    fill_cell(task, start, (amount, keys), compared.tested, settings, folder, tell)
                )
    return cells


def _telling(progress: Progress, cell: int, cells: int, what: str) -> Progress:
    """Tell the steps of a cell as a message beside the cells."""

    def tell(done: int, total: int, message: str) -> None:
        progress(cell, cells, f"cell {cell + 1} of {cells}: {what} {message} {done}/{total}")

    return tell
