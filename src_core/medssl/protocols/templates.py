"""The example images of a protocol: which ones, and how they are kept and read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from medssl.cohort import Cohort, Point
from medssl.errors import SettingsError
from medssl.io.image import Image
from medssl.io.sources import ImageSource
from medssl.io.writing import write_image
from medssl.prepare.orientation import as_picture, working_ndim

if TYPE_CHECKING:
    from medssl.protocols.folder import Protocol

KEY = "protocol:"


def known_points(cohort: Cohort, landmarks: Collection[str]) -> dict[str, dict[str, Point]]:
    """By case: the points that a person placed or moved; what was only accepted teaches nothing."""
    found: dict[str, dict[str, Point]] = {}
    for point in cohort.points(kind="human"):
        if point.landmark in landmarks and point.confidence is None:
            found.setdefault(point.case_key, {})[point.landmark] = point
    return found


def choose_templates(
    known: dict[str, dict[str, Point]], landmarks: Sequence[str], wanted: int
) -> list[str]:
    """Choose the cases whose points are kept: `wanted`, or as many as it takes to show all.

    Each time the case comes next that shows most of what was shown least.

    Raises
    ------
    SettingsError
        If no case shows one of the landmarks.
    """
    for name in landmarks:
        if not any(name in points for points in known.values()):
            raise SettingsError(
                f"nobody has placed {name!r} yet. Click it in one image, or leave it out "
                "with --landmarks"
            )
    chosen: list[str] = []
    shown = Counter[str]()
    while len(chosen) < wanted or any(not shown[name] for name in landmarks):
        gains = {
            case: sum(1 / (1 + shown[name]) ** 2 for name in points)
            for case, points in known.items()
            if case not in chosen
        }
        if not gains:
            break
        best = max(gains, key=lambda case: gains[case])
        chosen.append(best)
        shown.update(known[best].keys())
    return chosen


def write_template(image: Image, path: Path) -> None:
    """Write an image as a template: its own grid and values, bright where it is shown bright.

    No header goes with it, and so no name, no date, no id; a film whose low values are bright is
    turned over, since only a header would say that. Of a series in time the first image is kept,
    of a single slice its plane.
    """
    first = image.frame(0)
    if working_ndim(first.grid) == 2:
        first = as_picture(first)
    array = _turned(first.array) if first.inverted else first.array
    write_image(replace(first, array=array, inverted=False, metadata={}), path)


def fitting(point_vox: Sequence[float], ndim: int) -> tuple[float, ...]:
    """Give a point as many coordinates as a grid has axes; a single slice lies at 0."""
    return (0.0,) * (ndim - len(point_vox)) + tuple(point_vox)[max(0, len(point_vox) - ndim) :]


def _turned(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind not in "iu":
        return np.asarray(np.nanmax(array) + np.nanmin(array) - array)
    total = int(array.max()) + int(array.min())
    return (total - array.astype(np.int64)).astype(array.dtype)


def template_sources(protocol: Protocol, taken: Collection[str] = ()) -> dict[str, ImageSource]:
    """Give the templates as images to be read, by the name of their file.

    Their keys are none of those `taken`.
    """
    sources = {}
    for template in protocol.definition.templates:
        key = f"{KEY}{template.file}"
        while key in taken:
            key = f"{KEY}{key}"
        path = protocol.folder / template.file
        sources[template.file] = ImageSource(path, key, template.file, (path,))
    return sources
