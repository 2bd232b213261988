"""The lines of a NRRD header that say where its voxels lie."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medssl.geometry import Grid

_TYPES = {"i1": "int8", "u1": "uint8", "i2": "int16", "u2": "uint16", "i4": "int32"}
_TYPES |= {"u4": "uint32", "i8": "int64", "u8": "uint64", "f4": "float", "f8": "double"}


def header_lines(array: NDArray[Any], grid: Grid, before: list[str], after: list[str]) -> list[str]:
    """Give the header of `array`, which is stored packed by gzip, without its last empty line.

    Parameters
    ----------
    array
        Little-endian pixels; the file's first axis is the array's last.
    grid
        Geometry of the spatial axes.
    before, after
        Kinds of the axes that come before and after the spatial ones in the file.
    """
    n = grid.ndim
    lines = [
        "NRRD0005",
        f"type: {_TYPES[array.dtype.str[1:]]}",
        f"dimension: {array.ndim}",
        f"sizes: {' '.join(str(s) for s in array.shape[::-1])}",
        "endian: little",
        "encoding: gzip",
        f"kinds: {' '.join([*before, *['domain'] * n, *after])}",
    ]
    if grid.unit == "mm":
        lines.append("space: left-posterior-superior" if n == 3 else "space dimension: 2")
        columns = grid.affine[:n, :n].T[::-1]
        vectors = ["(" + ",".join(repr(float(v)) for v in c) + ")" for c in columns]
        none = ["none"] * len(before), ["none"] * len(after)
        lines.append(f"space directions: {' '.join([*none[0], *vectors, *none[1]])}")
        lines.append(f"space origin: ({','.join(repr(float(v)) for v in grid.origin)})")
        lines.append("space units: " + " ".join(['"mm"'] * n))
    return lines


def plain_bytes(array: NDArray[Any]) -> NDArray[Any]:
    """Little-endian, contiguous."""
    return np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False))
