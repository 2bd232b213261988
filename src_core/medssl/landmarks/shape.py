"""A set of landmarks has a shape: points that break it are flagged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from medssl.embed import EmbeddedCohort
from medssl.landmarks.confidence import LOW, level_of
from medssl.landmarks.found import FoundPoint
from medssl.landmarks.templates import Template

_TOLERANCE = 0.2


def break_shape(
    found: Sequence[FoundPoint],
    templates: Mapping[str, Mapping[str, Template]],
    embedded: EmbeddedCohort,
) -> list[FoundPoint]:
    """Flag the points that do not fit the shape of their set, and lower their confidence.

    For every image with four or more found landmarks that were all clicked in one template
    image, a similarity transform (turn, scale, shift) of the template's set is fitted by least
    median of squares; a point farther from it than 20 % of the set's size breaks the shape.
    """
    by_case: dict[str, list[int]] = defaultdict(list)
    for index, point in enumerate(found):
        by_case[point.case_key].append(index)
    result = list(found)
    for case_key, rows in by_case.items():
        for source in _shared_templates([found[i].landmark for i in rows], templates):
            inside = [i for i in rows if source in templates[found[i].landmark]]
            if len(inside) < 4:
                continue
            known = _world(
                [templates[found[i].landmark][source].point_vox for i in inside], source, embedded
            )
            placed = _world([found[i].point_vox for i in inside], case_key, embedded)
            for i, breaks in zip(inside, misfits(known, placed), strict=True):
                if breaks:
                    confidence = min(found[i].confidence, LOW) * 0.8
                    result[i] = replace(
                        found[i],
                        shape_flag=True,
                        confidence=confidence,
                        level=level_of(confidence),
                    )
            break
    return result


def misfits(known: NDArray[np.float64], placed: NDArray[np.float64]) -> list[bool]:
    """Which of the points ``(N, ndim)`` break the shape that most of them share."""
    size = float(np.linalg.norm(placed - placed.mean(0), axis=1).mean()) * 2
    if size == 0:
        return [False] * len(known)
    best = np.full(len(known), np.inf)
    for rows in combinations(range(len(known)), 3):
        moved = _similarity(known[list(rows)], placed[list(rows)], known)
        error = np.linalg.norm(moved - placed, axis=1)
        if np.median(error) < np.median(best):
            best = error
    return [bool(e > _TOLERANCE * size + 2.5 * np.median(best)) for e in best]


def _similarity(
    known: NDArray[np.float64], placed: NDArray[np.float64], points: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Least-squares similarity from `known` to `placed`, applied to `points` (Umeyama, 1991)."""
    a, b = known - known.mean(0), placed - placed.mean(0)
    u, s, vt = np.linalg.svd(b.T @ a)
    sign = np.ones(len(s))
    sign[-1] = np.sign(np.linalg.det(u @ vt)) or 1.0
    rotation = (u * sign) @ vt
    scale = float((s * sign).sum() / max((a**2).sum(), 1e-12))
    return np.asarray(scale * (points - known.mean(0)) @ rotation.T + placed.mean(0))


def _shared_templates(
    landmarks: Sequence[str], templates: Mapping[str, Mapping[str, Template]]
) -> list[str]:
    """Template images, the one with most of the landmarks first."""
    counts: dict[str, int] = defaultdict(int)
    for landmark in landmarks:
        for source in templates.get(landmark, {}):
            counts[source] += 1
    return sorted(counts, key=lambda source: -counts[source])


def _world(
    points: Sequence[tuple[float, ...]], case_key: str, embedded: EmbeddedCohort
) -> NDArray[np.float64]:
    grid = embedded.case(case_key).case.source_grid
    return np.asarray(grid.voxel_to_world(np.array(points)))
