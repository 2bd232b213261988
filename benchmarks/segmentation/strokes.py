"""How long a stroke takes, and a map of clusters."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from scipy import ndimage

from medssl.embed import embed_cohort, open_embedder
from medssl.geometry import Grid
from medssl.io import Image as Picture
from medssl.io import list_images, write_image
from medssl.prepare import ArrayCache, prepare_cohort
from medssl.segment.clusters import RefineSettings, find_clusters, structure_map
from medssl.segment.few import LabelTeacher, Stroke


def strokes(given: argparse.Namespace) -> None:
    """Print how long a stroke takes, and a map of clusters."""
    print("| what | seconds |")
    print("|---|---|")
    for shape in ((given.side,) * 2, (given.volume,) * 3):
        if not shape[0]:
            continue
        for what, seconds in times(shape, given):
            print(f"| {what} | {seconds:.2f} |", flush=True)


def times(shape: tuple[int, ...], given: argparse.Namespace) -> list[tuple[str, float]]:
    """Time strokes and clusters on a made-up image of a size."""
    folder = given.work / f"made_{len(shape)}d_{shape[0]}"
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    values = ndimage.gaussian_filter(rng.standard_normal(shape, np.float32), shape[0] / 30)
    scaled = (255 * (values - values.min()) / np.ptp(values)).astype(np.uint8)
    volume = len(shape) == 3
    grid = Grid.create(shape, (1.0,) * 3) if volume else Grid.create(shape)
    path = folder / ("image.nii.gz" if volume else "image.png")
    write_image(Picture(scaled, grid, "zyx" if volume else "yx"), path)
    cache = ArrayCache(given.work / "cache")
    embedder = open_embedder("instant", 3 if volume else 2)
    cohort = prepare_cohort(list_images(folder), embedder.settings, cache)
    embedded = embed_cohort(cohort, embedder, cache)
    case = embedded.cases[0]
    teacher = LabelTeacher(embedded, ("organ",))
    middle = [side / 2 for side in shape]
    far = [*middle[:-1], shape[-1] * 0.9]
    teacher.paint(case.case.key, Stroke(1, (tuple(middle), (*middle[:-1], middle[-1] + 20)), 3))
    teacher.paint(case.case.key, Stroke(0, (tuple(far), (*far[:-1], far[-1] + 10)), 3))
    layer = case.case.grid.shape[0] // 2

    def result() -> None:
        if volume:
            teacher.slice(case.case.key, 0, layer)
        else:
            teacher.probabilities(case.case.key)

    def taken(*steps: Callable[[], object]) -> float:
        begun = time.perf_counter()
        for step in steps:
            step()
        return time.perf_counter() - begun

    def stroke() -> None:
        teacher.paint(case.case.key, Stroke(1, (tuple(side * 0.4 for side in shape),), 5))

    name = " × ".join(map(str, shape))
    seen = "slice" if volume else "image"
    found = [
        (f"cells read ahead, {name}", taken(lambda: teacher.read_ahead(case.case.key))),
        (f"first stroke to {seen}, {name}", taken(teacher.fit, result)),
        (f"further stroke to {seen}, {name}", taken(stroke, teacher.fit, result)),
    ]
    if volume:
        whole = taken(stroke, teacher.fit, lambda: teacher.working(case.case.key))
        return [*found, (f"further stroke to volume, {name}", whole)]
    made = find_clusters(embedded, 64)
    begun = time.perf_counter()
    structure_map(made, case, 16, RefineSettings())
    return [*found, (f"map of 16 structures, {name}", time.perf_counter() - begun)]
