"""The voxel sizes that an evaluation measures in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from medssl.errors import SettingsError
from medssl.geometry import Grid
from medssl.io import read_spacing_csv
from medssl.prepare import Case


def case_spacings(
    spacing_csv: str | Path | None, cases: Sequence[Case]
) -> dict[str, tuple[float, ...] | None]:
    """Return the voxel size of each image by its key, in mm; None where it is not known.

    Parameters
    ----------
    spacing_csv
        Sizes that go before what the files say, or None.
    cases
        The images.

    Raises
    ------
    SettingsError
        If the file gives an image another number of sizes than it has axes.
    """
    listed = read_spacing_csv(spacing_csv) if spacing_csv is not None else {}
    spacings: dict[str, tuple[float, ...] | None] = {}
    for case in cases:
        given = listed.get(case.key, listed.get(case.path.name))
        if given is not None and len(given) != case.source_grid.ndim:
            raise SettingsError(
                f"{spacing_csv}: {case.key} has {len(given)} sizes, but the image has "
                f"{case.source_grid.ndim} axes. Give x_mm, y_mm and, for volumes, z_mm."
            )
        spacings[case.key] = given if given is not None else _own_spacing(case.source_grid)
    return spacings


def _own_spacing(grid: Grid) -> tuple[float, ...] | None:
    return grid.spacing if grid.unit == "mm" else None
