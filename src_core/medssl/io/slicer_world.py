"""The worlds in which 3D Slicer's files give points, turned to ours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from medssl.errors import FileRefusedError

_SIGNS = {"LPS": (1.0, 1.0), "1": (1.0, 1.0), "RAS": (-1.0, -1.0), "0": (-1.0, -1.0)}


def signs_to_lps(path: Path, system: str) -> tuple[float, float]:
    """Signs of x and y that turn `system` to LPS: ``LPS`` or ``1``, ``RAS`` or ``0``.

    Raises
    ------
    FileRefusedError
        If it is another one: voxels (``IJK``, ``2``) need their image, and nothing is guessed.
    """
    found = _SIGNS.get(system.strip().upper())
    if found is None:
        raise FileRefusedError(
            path,
            f"its points are in the coordinate system {system!r}",
            "Save it from Slicer as .mrk.json, in LPS or RAS.",
        )
    return found


def finite_point(values: Sequence[object]) -> tuple[float, float, float]:
    """Three finite numbers from texts or numbers.

    Raises
    ------
    ValueError
        If they are not; the message says which.
    """
    if len(values) != 3:
        raise ValueError(f"a point has 3 coordinates, not {len(values)}")
    point = []
    for name, value in zip("xyz", values, strict=True):
        try:
            number = float(str(value))
        except ValueError as error:
            raise ValueError(f"{name} is {value!r}, not a number") from error
        if not math.isfinite(number):
            raise ValueError(f"{name} is {value!r}, not a finite number")
        point.append(number)
    return point[0], point[1], point[2]
