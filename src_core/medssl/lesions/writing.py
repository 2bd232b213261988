"""What a classifier says of images, as files on the images' own grids."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medssl.errors import StorageError
from medssl.geometry import Grid
from medssl.io._atomic import write_text
from medssl.io.formats import extension
from medssl.io.image import Axes, Image
from medssl.io.writing import write_image
from medssl.lesions.growing import grow_regions
from medssl.lesions.inputs import as_inputs
from medssl.lesions.maps import Method
from medssl.lesions.model import Finding, LesionModel, on_source
from medssl.lesions.regions import Region, RegionSettings, find_regions, measure, smoothed
from medssl.lesions.storage import NOTICE
from medssl.prepare import Case
from medssl.progress import Progress, silent
from medssl.transfer.masks import BETWEEN
from medssl.transfer.predictions import output_files

SCORES_NAME = "scores.csv"
REGIONS_NAME = "regions.csv"
SLICES_NAME = "slices.csv"
NOTICE_NAME = "README.txt"
MAPS_NAME, SPREAD_NAME, LABELS_NAME = "maps", "spread", "regions"
_TEXT = (
    NOTICE + " Each map shows what made nets, which have learned from labels of whole images, "
    "answer as they did; it is no outline of a lesion. Values: 0 to the image's probability.\n"
)
Embed = Callable[[Case], tuple[NDArray[Any], int]]
"""Gives the dense embedding ``(E, *cells)`` of a case on the working grid, and its stride."""


def require_no_findings(folder: str | Path) -> Path:
    """Return a folder that holds no findings yet, which are never replaced.

    Raises
    ------
    StorageError
        If it holds some.
    """
    target = Path(folder)
    if (target / SCORES_NAME).exists():
        raise StorageError(
            f"{target / SCORES_NAME}: it is there already and is not replaced. Name another folder."
        )
    return target


def notice_text() -> str:
    """Say what findings are, and what they are not for; it lies beside all that is written."""
    return _TEXT


def write_scores(
    path: Path,
    cases: Sequence[Case],
    probabilities: NDArray[np.floating],
    questions: Sequence[str],
    beside: Mapping[str, Sequence[str]] | None = None,
) -> Path:
    """Write a line an image: the probability of each question, and what else is known of it.

    ``uncertainty`` is 1 where a lesion is as likely as none, and 0 where the answer is sure: the
    images to label next come first by it.

    Raises
    ------
    StorageError
        If the file cannot be written.
    """
    extra = beside or {}
    rows: list[list[str]] = [["image", *(f"p_{q}" for q in questions), "uncertainty", *extra]]
    for number, (case, row) in enumerate(zip(cases, probabilities, strict=True)):
        told = [f"{value:.4f}" for value in (*row, 1 - abs(2 * row[0] - 1))]
        rows.append([case.key, *told, *(values[number] for values in extra.values())])
    return _write_table(path, rows)


def write_findings(
    folder: Path,
    cases: Sequence[Case],
    model: LesionModel,
    method: Method,
    settings: RegionSettings,
    embed: Embed | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Write maps, their spread, regions and tables of all images.

    Parameters
    ----------
    folder
        Where; it holds no findings yet.
    cases
        Prepared as the model wants them.
    model
        The classifier.
    method
        How maps are made.
    settings
        How regions are cut out of the map for any lesion.
    embed
        Dense embeddings, by which regions are grown to their edges; None: they are not.
    progress
        Told of each image; may raise `Cancelled`: what is written stays.

    Returns
    -------
    dict
        Paths of the tables, number of regions.

    Raises
    ------
    StorageError
        If a file cannot be written.
    """
    model.require_method(method)
    target = require_no_findings(folder)
    _make_folders(target)
    probabilities: list[NDArray[np.float64]] = []
    regions: list[list[str]] = [_region_header(cases)]
    slices: list[list[str]] = [["image", "slice", "weight", *(f"p_{q}" for q in model.questions)]]
    for number, (case, relative) in enumerate(zip(cases, output_files(cases), strict=True)):
        progress(number, len(cases), f"mapping {case.name}")
        found = model.find(case, method)
        probabilities.append(found.probabilities)
        _write_maps(target, case, relative, found, model.questions, settings)
        labels, told = _regions(case, found, settings, embed)
        _write(labels.astype(np.uint16), case.source_grid, target / LABELS_NAME / relative)
        regions += [_region_row(case, region) for region in told]
        slices += _slice_rows(case, found)
    tables = {
        "scores": write_scores(
            target / SCORES_NAME, cases, np.stack(probabilities), model.questions
        ),
        "regions_table": _write_table(target / REGIONS_NAME, regions),
    }
    if model.sliced:
        tables["slices_table"] = _write_table(target / SLICES_NAME, slices)
    return {**tables, "regions": len(regions) - 1}


def _make_folders(target: Path) -> None:
    try:
        for name in (MAPS_NAME, SPREAD_NAME, LABELS_NAME):
            (target / name).mkdir(parents=True, exist_ok=True)
        (target / NOTICE_NAME).write_text(_TEXT, encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"{target}: nothing can be written there ({error.strerror or error}). Free some space "
            "or name another folder."
        ) from error


def _write_maps(
    folder: Path,
    case: Case,
    relative: Path,
    found: Finding,
    questions: Sequence[str],
    settings: RegionSettings,
) -> None:
    """Write a map a question as a picture of 0 to 255 or a volume of 0 to 1."""
    assert found.maps is not None
    assert found.spread is not None
    for name, maps in (
        (MAPS_NAME, smoothed(found.maps, settings.smoothing)),
        (SPREAD_NAME, found.spread),
    ):
        for question, one in zip(questions, on_source(maps, case), strict=True):
            own = relative.with_name(_with_question(relative.name, question, questions))
            scaled = np.clip(one, 0, 1)
            if case.source_grid.ndim == 2:
                scaled = np.rint(scaled * 255).astype(np.uint8)
            _write(scaled, case.source_grid, folder / name / own)


def _with_question(name: str, question: str, questions: Sequence[str]) -> str:
    """Put the question into a file's name, as structures are in those of masks."""
    if len(questions) == 1:
        return name
    ending = extension(Path(name))
    return f"{name[: len(name) - len(ending)]}{BETWEEN}{question}{ending}"


def _regions(
    case: Case, found: Finding, settings: RegionSettings, embed: Embed | None
) -> tuple[NDArray[np.int32], list[Region]]:
    assert found.maps is not None
    maps = smoothed(found.maps[:1], settings.smoothing)
    grid = case.source_grid
    values = on_source(maps, case)[0]
    labels, told = find_regions(values, grid, settings)
    if embed is None or not told:
        return labels, told
    working, _ = find_regions(maps[0], case.grid, settings.model_copy(update={"smallest": 1}))
    embedding, stride = embed(case)
    grown = grow_regions(working, maps[0], embedding, stride)
    count = int(grown.max())
    shares = on_source(np.stack([grown == n for n in range(1, count + 1)]), case)
    fine = np.where(shares.max(0) >= 0.5, shares.argmax(0) + 1, 0)
    return measure(fine, count, values, grid, settings.smallest)


def _region_header(cases: Sequence[Case]) -> list[str]:
    ndim = cases[0].source_grid.ndim if cases else 2
    axes = ("x", "y", "z")[:ndim]
    peak = [f"peak_{axis}" for axis in axes]
    box = [f"{axis}{end}" for end in (0, 1) for axis in axes]
    return ["image", "region", "score", "mean", "size", "unit", *peak, *box]


def _region_row(case: Case, region: Region) -> list[str]:
    peak = [str(place) for place in reversed(region.peak_vox)]
    box = [str(edges[end]) for end in (0, 1) for edges in reversed(region.box)]
    told = [f"{region.score:.4f}", f"{region.mean:.4f}", f"{region.size:.6g}", region.unit]
    return [case.key, str(region.value), *told, *peak, *box]


def _slice_rows(case: Case, found: Finding) -> list[list[str]]:
    if found.slices is None:
        return []
    probabilities, weights = found.slices
    (given,) = as_inputs([case], sliced=True)
    return [
        [case.key, str(place), f"{weight:.4f}", *(f"{p:.4f}" for p in row)]
        for place, weight, row in zip(given.source_slices(), weights, probabilities.T, strict=True)
    ]


def _write(array: NDArray[Any], grid: Grid, path: Path) -> None:
    axes: Axes = "yx" if grid.ndim == 2 else "zyx"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(Image(array, grid, axes), path)


def _write_table(path: Path, rows: Iterable[Sequence[str]]) -> Path:
    with write_text(path) as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return path
