"""Which way in the patient the axes on the screen run, in letters.

A direction is named after DICOM's rule: the letter of the side that it points to most, then that of
the next where it leans there by more than ten degrees: ``"A"``, ``"AL"``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

_SIDES = (("R", "L"), ("A", "P"), ("I", "S"))  # low and high end of the world's axes x, y, z
_OPPOSITE = {a: b for low, high in _SIDES for a, b in ((low, high), (high, low))}
_LEAN = float(np.sin(np.radians(10.0)))
_MOST_LETTERS = 2

Ends = tuple[str, str]


def letters_along(direction_lps: ArrayLike) -> str:
    """Name a direction ``(x, y, z)`` in LPS by one or two letters."""
    vector = np.asarray(direction_lps, float)
    vector = vector / np.linalg.norm(vector)
    order = np.argsort(-np.abs(vector), kind="stable")[:_MOST_LETTERS]
    named = [_SIDES[i][int(vector[i] > 0)] for i in order if abs(vector[i]) > _LEAN]
    return "".join(named)


def opposite(letters: str) -> str:
    """Letters of the other end: ``"AL"`` for ``"PR"``."""
    return "".join(_OPPOSITE[letter] for letter in letters)


def ends(known: dict[str, Any] | None) -> tuple[Ends, ...]:
    """Letters at the low and the high end of the shown spatial axes of one of our layers.

    Parameters
    ----------
    known
        What `napari_medssl.layers.image_to_layer` keeps in a layer's metadata.

    Returns
    -------
    tuple
        One pair an axis in the order of the array (z, y, x); empty where the file does not say
        which way the patient lies.
    """
    if known is None:
        return ()
    from medssl.geometry import Grid

    header = known.get("header", {})
    grid = Grid.from_dict(known["grid"])
    if header.get("orientation_assumed") or (grid.ndim == 3 and grid.unit != "mm"):
        return ()
    if grid.ndim == 3:
        return _pairs(np.array(grid.canonical()[0].direction))
    if "plane_lps" in header:
        return _pairs(np.array(header["plane_lps"], float).reshape(3, 3)[:, :2])
    rows_to, columns_to = header.get("PatientOrientation") or ("", "")
    if rows_to and columns_to:
        return (opposite(columns_to), columns_to), (opposite(rows_to), rows_to)
    return ()


def _pairs(columns: np.ndarray) -> tuple[Ends, ...]:
    high = [letters_along(column) for column in columns.T]
    return tuple((opposite(one), one) for one in high)
