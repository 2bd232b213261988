"""Label maps of a cohort as files, and a table of sizes with a confidence a case."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from medssl.errors import StorageError
from medssl.io._atomic import write_text
from medssl.io.image import Axes, Image
from medssl.io.writing import write_image
from medssl.prepare import Case
from medssl.progress import Progress, silent
from medssl.segment.clusters import typicality
from medssl.transfer.predictions import MASKS_NAME, SIZES_NAME, output_files, voxel_size

STRUCTURES_NAME = "structures"


class Outlined(NamedTuple):
    """Organs of an image: a label map on its own grid, and the Dice that each can expect."""

    labels: NDArray[np.uint8]
    expected: Sequence[float]


def require_nothing(folder: str | Path) -> None:
    """Check that a folder holds no structures and no organs yet, which are never replaced.

    Raises
    ------
    StorageError
        If it does.
    """
    for name in (STRUCTURES_NAME, SIZES_NAME):
        if (Path(folder) / name).exists():
            raise StorageError(
                f"{Path(folder) / name}: it is there already and is not replaced. Name another "
                "folder."
            )


def write_label_maps(
    folder: Path,
    cases: Sequence[Case],
    labels_of: Callable[[Case], NDArray[np.integer]],
    progress: Progress = silent,
) -> Path:
    """Write a label map an image on its own grid: pictures as ``.png``, volumes ``.nii.gz``.

    Raises
    ------
    StorageError
        If a file cannot be written.
    """
    for number, (case, relative) in enumerate(zip(cases, output_files(cases), strict=True)):
        progress(number, len(cases), f"writing {case.name}")
        path = folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        axes: Axes = "yx" if case.source_grid.ndim == 2 else "zyx"
        write_image(Image(labels_of(case), case.source_grid, axes), path)
    return folder


def write_outlined(
    folder: Path,
    cases: Sequence[Case],
    outline: Callable[[Case], Outlined],
    names: Sequence[str],
    learned_from: Sequence[str],
    progress: Progress = silent,
) -> Path:
    """Write label maps of organs, and a table of sizes with a confidence.

    The confidence of an organ in an image is the Dice that its mask can expect, times how usual
    its size is in the cohort.

    Returns
    -------
    Path
        The table: a line an image and organ.

    Raises
    ------
    StorageError
        If a file cannot be written.
    """
    found: list[tuple[NDArray[np.int64], Sequence[float], int]] = []

    def labels_of(case: Case) -> NDArray[np.uint8]:
        one = outline(case)
        counts = np.bincount(one.labels.ravel(), minlength=len(names) + 1)[1:]
        found.append((counts, one.expected, one.labels.size))
        return one.labels

    write_label_maps(folder / MASKS_NAME, cases, labels_of, progress)
    usual = [
        typicality(np.array([counts[index] / size for counts, _, size in found]))
        for index in range(len(names))
    ]
    rows = [["image", "structure", "value", "size", "unit", "confidence", "learned_from"]]
    for number, (case, (counts, expected, _)) in enumerate(zip(cases, found, strict=True)):
        voxel, unit = voxel_size(case)
        for index, name in enumerate(names):
            trust = expected[index] * float(usual[index][number])
            learned = str(int(case.key in set(learned_from)))
            size = f"{counts[index] * voxel:.6g}"
            rows.append([case.key, name, str(index + 1), size, unit, f"{trust:.3f}", learned])
    table = folder / SIZES_NAME
    with write_text(table) as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return table
