"""The true points of an evaluation: which image has which, and who serves as template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medssl.errors import FileRefusedError, SettingsError
from medssl.io import ImageSource, LandmarkRow
from medssl.io.naming import find_named
from medssl.prepare import Case


@dataclass(frozen=True)
class TruthCase:
    """True points of one image.

    Parameters
    ----------
    source
        The image.
    points
        Landmark to its point in source voxels, ``(z, y, x)`` or ``(y, x)``.
    group
        Patient or examination; images of one group never predict each other.
    """

    source: ImageSource
    points: dict[str, tuple[float, ...]]
    group: str | None


def match_truth(
    rows: Sequence[LandmarkRow], sources: Sequence[ImageSource], path: Path
) -> tuple[list[TruthCase], list[str]]:
    """Bring the rows of a truth file together with the images that they name.

    A row names its image by key (path relative to the folder) or by file name.

    Returns
    -------
    cases
        The images that have rows, sorted by key.
    problems
        Names in the file without an image.

    Raises
    ------
    FileRefusedError
        If a name fits several images, a landmark stands twice for one image, rows mix 2-D and
        3-D, or no row fits any image.
    """
    if len({len(row.point_vox) for row in rows}) > 1:
        raise FileRefusedError(path, "it mixes points with and without z", "Make two files of it.")
    found: dict[str, TruthCase] = {}
    absent: dict[str, None] = {}
    for row in rows:
        source = find_named(row.image, sources, path)
        if source is None:
            absent[row.image] = None
            continue
        case = found.setdefault(source.key, TruthCase(source, {}, row.group))
        if row.landmark in case.points:
            raise FileRefusedError(
                path, f"{row.landmark} stands twice for {row.image}", "Remove one of the lines."
            )
        case.points[row.landmark] = row.point_vox
    if not found:
        raise FileRefusedError(
            path,
            "none of the images that it names is among the images given",
            "The column image holds file names, or paths relative to the folder of the images.",
        )
    problems = [f"{name}: named in {path.name}, but not among the images" for name in absent]
    return [found[key] for key in sorted(found)], problems


def usable_truth(
    truth: Sequence[TruthCase], cases: dict[str, Case]
) -> tuple[list[TruthCase], list[str]]:
    """Leave out images that could not be prepared, and points that lie outside their image."""
    usable, problems = [], []
    for one in truth:
        case = cases.get(one.source.key)
        if case is None:
            continue
        inside = {}
        for landmark, point_vox in one.points.items():
            if case.source_grid.contains_voxel(point_vox):
                inside[landmark] = point_vox
            else:
                shape = " × ".join(str(n) for n in reversed(case.source_grid.shape))
                problems.append(
                    f"{case.key}: {landmark} lies outside of the image of {shape} voxels"
                )
        if inside:
            usable.append(TruthCase(one.source, inside, one.group))
    return usable, problems


def draw_templates(truth: Sequence[TruthCase], count: int, seed: int) -> list[TruthCase]:
    """Draw template images among those with the most landmarks, the same for the same seed.

    Only images with all landmarks are drawn; where they are too few, those with the next most
    join in.

    Raises
    ------
    SettingsError
        If there are not as many images, fewer than one template is asked for, or the seed is
        negative.
    """
    if seed < 0:
        raise SettingsError(f"seed {seed}: a seed is 0 or greater")
    if not 1 <= count <= len(truth):
        raise SettingsError(
            f"{count} templates cannot be drawn from {len(truth)} images with true points; "
            f"ask for 1 to {len(truth)}"
        )
    ordered = sorted(truth, key=lambda case: case.source.key)
    least = sorted((len(case.points) for case in ordered), reverse=True)[count - 1]
    candidates = [case for case in ordered if len(case.points) >= least]
    drawn = np.random.default_rng(seed).choice(len(candidates), count, replace=False)
    return [candidates[i] for i in drawn]


def queries_of(template: TruthCase, truth: Sequence[TruthCase]) -> list[TruthCase]:
    """Give the images that a template predicts: all but itself and its group."""
    return [
        case
        for case in truth
        if case.source.key != template.source.key
        and (template.group is None or case.group != template.group)
    ]
