"""What fine-tuned nets say of images, as files."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from medssl.errors import StorageError
from medssl.io._atomic import write_text
from medssl.io.formats import extension
from medssl.io.image import Axes, Image
from medssl.io.writing import write_image
from medssl.prepare import Case
from medssl.progress import Progress, silent
from medssl.transfer.segment import TrainedSegmenter

CLASSES_NAME = "predictions.csv"
MASKS_NAME = "predicted"
SIZES_NAME = "predicted.csv"
CERTAIN = 0.5
"""Probability from which a voxel belongs to a structure, and a finding is told."""
NOTHING = "none"
"""What is told of an image without findings."""


def write_classes(
    path: Path,
    cases: Sequence[Case],
    probabilities: NDArray[np.floating],
    names: Sequence[str],
    exclusive: bool,
    learned_from: Sequence[str] = (),
) -> Path:
    """Write a line an image: what it shows, whether it was learned from, probabilities.

    Of classes that exclude each other that is the likeliest; of findings those with a probability
    above 0.5, with ``+`` between them, or ``none``.

    Raises
    ------
    StorageError
        If the file cannot be written.
    """
    known = set(learned_from)
    rows: list[list[str]] = [["image", "predicted", "learned_from", *(f"p_{n}" for n in names)]]
    for case, row in zip(cases, probabilities, strict=True):
        certain = [name for name, value in zip(names, row, strict=True) if value > CERTAIN]
        shown = names[int(row.argmax())] if exclusive else "+".join(certain) or NOTHING
        numbers = [f"{value:.4f}" for value in row]
        rows.append([case.key, shown, str(int(case.key in known)), *numbers])
    with write_text(path) as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return path


def write_masks(
    folder: Path,
    cases: Sequence[Case],
    trained: TrainedSegmenter,
    names: Sequence[str],
    learned_from: Sequence[str] = (),
    progress: Progress = silent,
) -> Path:
    """Write a label map an image on its own grid, and a table of sizes.

    A label map holds 1 for the first structure, 2 for the second, ...; where several overlap, the
    likelier one. Pictures become ``.png``, volumes ``.nii.gz``.

    Returns
    -------
    Path
        The table: a line an image and structure, with its size in mm², mm³ or pixels.

    Raises
    ------
    StorageError
        If a file cannot be written.
    """
    rows: list[list[str]] = [["image", "structure", "value", "size", "unit", "learned_from"]]
    known = set(learned_from)
    for number, (case, relative) in enumerate(zip(cases, output_files(cases), strict=True)):
        progress(number, len(cases), f"segmenting {case.name}")
        labels = label_map(trained.predict(case))
        path = folder / MASKS_NAME / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        axes: Axes = "yx" if case.source_grid.ndim == 2 else "zyx"
        write_image(Image(labels, case.source_grid, axes), path)
        voxel, unit = voxel_size(case)
        for value, name in enumerate(names, 1):
            size = float((labels == value).sum()) * voxel
            learned = str(int(case.key in known))
            rows.append([case.key, name, str(value), f"{size:.6g}", unit, learned])
    table = folder / SIZES_NAME
    with write_text(table) as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return table


def require_no_predictions(folder: str | Path) -> None:
    """Check that a folder holds no predictions yet, which are never replaced.

    Raises
    ------
    StorageError
        If it holds some.
    """
    for name in (CLASSES_NAME, SIZES_NAME):
        if (Path(folder) / name).exists():
            raise StorageError(
                f"{Path(folder) / name}: it is there already and is not replaced. Name another "
                "folder."
            )


def label_map(probabilities: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Turn probabilities ``(S, *spatial)`` into values 0 (nothing) to S.

    Examples
    --------
    >>> label_map(np.array([[0.2, 0.6, 0.7], [0.1, 0.9, 0.3]], np.float32))
    array([0, 2, 1], dtype=uint8)
    """
    likeliest = probabilities.argmax(0) + 1
    return np.where(probabilities.max(0) > CERTAIN, likeliest, 0).astype(np.uint8)


def output_files(cases: Sequence[Case]) -> list[Path]:
    """Name a file an image; those that would share one keep the ending of their image too."""
    shared = Counter(_file_of(case) for case in cases)
    return [_file_of(case, whole=shared[_file_of(case)] > 1) for case in cases]


def _file_of(case: Case, whole: bool = False) -> Path:
    """Return a relative path that stays inside of its folder, whatever the key says."""
    parts = [part for part in PurePosixPath(case.key).parts if part not in ("/", "..", ".")]
    name = parts[-1].replace("#", "_")
    stem = name if whole else name[: len(name) - len(extension(name))] or name
    suffix = ".png" if case.source_grid.ndim == 2 else ".nii.gz"
    return Path(*[part.replace(":", "_") for part in parts[:-1]], stem + suffix)


def voxel_size(case: Case) -> tuple[float, str]:
    """Return the size of a voxel of an image and its unit: mm², mm³ or px."""
    grid = case.source_grid
    if grid.unit != "mm":
        return 1.0, "px"
    return float(np.prod(grid.spacing)), "mm²" if grid.ndim == 2 else "mm³"
