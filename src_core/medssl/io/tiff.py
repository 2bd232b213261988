"""TIFF and OME-TIFF, with the physical sizes that OME or ImageJ wrote."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree

import numpy as np
import tifffile
from numpy.typing import NDArray

from medssl.errors import FileRefusedError
from medssl.geometry import Grid
from medssl.io._checks import DAMAGED, refusing, require_memory
from medssl.io.image import Axes, Image

# tifffile logs each oddity of a file to stderr; those that matter are ours to say.
logging.getLogger("tifffile").setLevel(logging.CRITICAL)

_MILLIMETRES = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "µm": 1e-3, "um": 1e-3, "nm": 1e-6}
_MILLIMETRES |= {"micron": 1e-3, "\\u00B5m": 1e-3, "inch": 25.4}


def read_tiff(path: Path, number: int | None = None) -> list[Image]:
    """Read all series of a TIFF, or the one of a number; a pyramid's reduced levels are left out.

    Pages of a plain stack run along z; pages of another size are a series of their own.
    Channels that are not colour become the first axis. The resolution of a plain TIFF is that of
    a printer and is not used.

    Raises
    ------
    FileRefusedError
        If it is damaged or truncated, has more axes than an image, or no series of that number.
    """
    with refusing(path, "the TIFF cannot be decoded"), tifffile.TiffFile(path) as file:
        series = _series(path, file)
        if number is None:
            return [_read_series(path, file, i, one) for i, one in enumerate(series)]
        if number >= len(series):
            problem = f"it holds {len(series)} images, and number {number} is asked for"
            raise FileRefusedError(path, problem, "It has changed: list its folder again.")
        return [_read_series(path, file, number, series[number])]


def count_series(path: Path) -> int:
    """Count the series of a TIFF from its headers; 1 where reading it will say what is wrong."""
    try:
        with refusing(path, "the TIFF cannot be decoded"), tifffile.TiffFile(path) as file:
            return len(_series(path, file))
    except FileRefusedError:
        return 1


def _series(path: Path, file: Any) -> list[Any]:
    series = [s for s in file.series if len(s.shape) > 1]
    if not series:
        raise FileRefusedError(path, "it holds no picture", DAMAGED)
    return series


def _read_series(path: Path, file: Any, index: int, series: Any) -> Image:
    require_memory(path, series.shape, max(4, series.dtype.itemsize))
    _require_segments(path, file, series)
    array, letters, warnings = _arranged(path, np.asarray(series.asarray()), series.axes)
    if series.keyframe.photometric == 0:
        warnings = (*warnings, "Its pixels are stored inverted (white is zero).")
    sizes = _ome_sizes(file, index) if file.is_ome else _imagej_sizes(file)
    n = letters.count("z") + 2
    shape = [s for s, a in zip(array.shape, letters, strict=True) if a in "zyx"]
    spacing = [sizes.get(axis) for axis in "zyx"[-n:]]
    if spacing[-1] and spacing[-2] and not spacing[0]:
        spacing[0] = spacing[-1]
        warnings = (*warnings, "Its distance of slices is not known: the pixel size is taken.")
    known = cast("list[float]", spacing) if all(spacing) else None
    name = path.name if index == 0 else f"{path.name}#{index}"
    return Image(
        array,
        Grid.create(shape, known),
        cast("Axes", letters),
        name,
        path,
        inverted=bool(series.keyframe.photometric == 0),
        warnings=warnings,
        metadata={"orientation_assumed": True} if n == 3 else {},
    )


def _require_segments(path: Path, file: Any, series: Any) -> None:
    """Refuse where strips or tiles are missing, which tifffile would fill with zeros."""
    first = series.keyframe
    needed = 1 if first.is_contiguous else math.prod(first.chunked)
    for page in series.pages:
        if page is None:
            continue
        ends = [o + n for o, n in zip(page.dataoffsets, page.databytecounts, strict=True)]
        if len(ends) < needed or max(ends) > file.filehandle.size:
            raise FileRefusedError(path, "it is truncated: strips are missing", DAMAGED)


def _arranged(
    path: Path, array: NDArray[Any], axes: str
) -> tuple[NDArray[Any], str, tuple[str, ...]]:
    """Bring tifffile's axes to ``([t,] [z,] y, x[, c])``."""
    keep = [i for i, s in enumerate(array.shape) if s > 1 or axes[i] in "YX"]
    array, axes = array.reshape([array.shape[i] for i in keep]), "".join(axes[i] for i in keep)
    warnings: list[str] = []
    pages = [a for a in axes if a in "QI"]
    if pages and "Z" not in axes:
        axes = axes.replace(pages[0], "Z", 1)
    letters = {"S": "c", "Z": "z", "Y": "y", "X": "x", "T": "t"}
    if "C" in axes:
        free = "t" if "T" not in axes else ""
        free = "c" if "S" not in axes and array.shape[axes.index("C")] == 3 and not free else free
        letters["C"] = free
        warnings.append("Its channels are read as frames, one after the other.")
    named = "".join(letters.get(a, "") for a in axes)
    if len(named) != len(axes) or len(set(named)) != len(named) or not {"y", "x"} <= set(named):
        raise FileRefusedError(
            path, f"its axes are {axes}", "Save single images, volumes or time series."
        )
    wanted = "".join(a for a in "tzyxc" if a in named)
    array = np.ascontiguousarray(array.transpose([named.index(a) for a in wanted]))
    if wanted.endswith("c") and array.shape[-1] in (2, 4):
        array = np.ascontiguousarray(array[..., :-1])
        warnings.append("The picture's transparency is left out.")
        if array.shape[-1] == 1:
            array, wanted = array[..., 0], wanted[:-1]
    return array, wanted, tuple(warnings)


def _ome_sizes(file: Any, index: int) -> dict[str, float]:
    """Physical sizes of the series in millimetres, by axis."""
    root = ElementTree.fromstring(file.ome_metadata)  # noqa: S314 - read by tifffile before
    pixels = [e for e in root.iter() if e.tag.endswith("}Pixels")]
    if index >= len(pixels):
        return {}
    sizes = {}
    for axis in "XYZ":
        size = pixels[index].get(f"PhysicalSize{axis}")
        unit = pixels[index].get(f"PhysicalSize{axis}Unit", "µm")
        if size and unit in _MILLIMETRES and float(size) > 0:
            sizes[axis.lower()] = float(size) * _MILLIMETRES[unit]
    return sizes


def _imagej_sizes(file: Any) -> dict[str, float]:
    """Sizes in millimetres where ImageJ wrote a physical unit."""
    about = file.imagej_metadata or {}
    scale = _MILLIMETRES.get(str(about.get("unit", "")).lower())
    if scale is None:
        return {}
    sizes = {}
    for axis, tag in (("x", "XResolution"), ("y", "YResolution")):
        value = file.pages[0].tags.get(tag)
        if value is not None and value.value[0] > 0:
            sizes[axis] = value.value[1] / value.value[0] * scale
    if float(about.get("spacing", 0)) > 0:
        sizes["z"] = float(about["spacing"]) * scale
    return sizes
