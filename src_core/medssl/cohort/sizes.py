"""Sizes of all segmentations of a cohort, as one table."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from medssl.cohort.exporting import Exported
from medssl.cohort.rows import Which
from medssl.cohort.store import Cohort
from medssl.errors import FileRefusedError
from medssl.geometry import Grid
from medssl.io._atomic import refuse_existing, write_text
from medssl.prepare.orientation import working_ndim

COLUMNS = ("image", "structure", "size", "unit", "confidence", "source", "author", "model")


def export_sizes(
    cohort: Cohort, path: Path, which: Which = "effective", overwrite: bool = False
) -> Exported:
    """Write a CSV with a line a segment: its size in mm², mm³ or px, how sure it is, who made it.

    A volume of a single slice is a picture, whose sizes are areas. The least sure come first.

    Raises
    ------
    FileRefusedError
        If there is such a file already, there is no segmentation, or the file of one is gone.
    StorageError
        If it cannot be written.
    """
    refuse_existing(path, overwrite)
    records = cohort.segmentations(kind=which)
    if not records:
        raise FileRefusedError(
            cohort.path, "there are no masks to measure", "Segment or draw a structure first."
        )
    records.sort(key=lambda one: 1.0 if one.confidence is None else one.confidence)
    cases = {case.key: case for case in cohort.cases()}
    rows = []
    for record in records:
        case, found = cases[record.case_key], cohort.read_segmentation(record)
        voxel, unit = voxel_of(case.grid)
        sure = "" if record.confidence is None else f"{record.confidence:.3f}"
        about = (sure, record.source, record.author or "", record.model or "")
        for segment in found.segments:
            size = float(np.count_nonzero(found.mask(segment))) * voxel
            rows.append([case.name, segment.name, f"{size:.6g}", unit, *about])
    with write_text(path) as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])
    return Exported([path], len(rows))


def voxel_of(grid: Grid) -> tuple[float, str]:
    """Give the size of a voxel and its unit: mm², mm³ or px."""
    if grid.unit != "mm":
        return 1.0, "px"
    flat = grid.ndim == 2 or working_ndim(grid) == 2
    return float(np.prod(grid.spacing[-2:] if flat else grid.spacing)), "mm²" if flat else "mm³"
