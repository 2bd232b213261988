"""The main job on images that it makes itself: pretrain, click, find, compare."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from medssl.embed import embed_cohort, open_landmark_embedder
from medssl.errors import StorageError
from medssl.evaluate import evaluate_landmarks
from medssl.figures import Tile, contact_sheet
from medssl.geometry import Grid
from medssl.io import (
    ExportPoint,
    list_images,
    read_landmarks_csv,
    write_image,
    write_landmarks_csv,
)
from medssl.io.image import Image
from medssl.landmarks import LandmarkFinder
from medssl.phantom import PhantomFolder, write_cohort
from medssl.prepare import ArrayCache, Case, prepare_cohort
from medssl.pretrain import PretrainSettings, RunResult, pretrain
from medssl.progress import Progress, silent
from medssl.system_libraries import has_display

N_IMAGES = 48
N_TEMPLATES = 4
BATCH = 6
"""Images a step: half the usual, so that more steps fit into two minutes."""
SIZE = 384
FILMS = "films.tif"
POINTS = ("truth", "found")
Points = dict[str, tuple[float, ...]]


@dataclass(frozen=True)
class FoundCase:
    """One image with the landmarks as they are and as they were found.

    Points are ``(y, x)`` in voxels of the working grid. The template image has the same ones
    in both: that is where the clicks were.
    """

    case: Case
    truth: Points
    found: Points


def make_images(folder: Path, seed: int, progress: Progress = silent) -> PhantomFolder:
    """Write the phantom chest films."""
    return write_cohort(folder, N_IMAGES, ndim=2, seed=seed, size=SIZE, progress=progress)


def train(
    phantoms: PhantomFolder, run: Path, minutes: float, seed: int, progress: Progress = silent
) -> RunResult:
    """Pretrain on the films, without their landmarks."""
    settings = PretrainSettings(minutes=minutes, batch=BATCH, seed=seed)
    prepared = prepare_cohort(list_images(phantoms.images), settings.prepare, ArrayCache())
    return pretrain(prepared, settings, run, progress=progress)


def compare(
    phantoms: PhantomFolder, model: str, seed: int, progress: Progress = silent
) -> dict[str, Any]:
    """Find the known landmarks from a few template films and measure the error."""
    return evaluate_landmarks(
        phantoms.images,
        phantoms.landmarks,
        model,
        templates=N_TEMPLATES,
        seed=seed,
        spacing_csv=phantoms.spacing,
        progress=progress,
    )


def click_once(
    phantoms: PhantomFolder, model: Path, progress: Progress = silent
) -> list[FoundCase]:
    """Click each landmark on the first film and find it in all the others."""
    embedder = open_landmark_embedder(model, ndim=2)
    cache = ArrayCache()
    prepared = prepare_cohort(list_images(phantoms.images), embedder.settings, cache)
    finder = LandmarkFinder(embed_cohort(prepared, embedder, cache, progress=progress))
    truth: dict[str, Points] = {case.key: {} for case in prepared.cases}
    found: dict[str, Points] = {case.key: {} for case in prepared.cases}
    for row in read_landmarks_csv(phantoms.landmarks):
        truth[row.image][row.landmark] = row.point_vox
    first = prepared.cases[0]
    for landmark, point_vox in truth[first.key].items():
        finder.add_template(landmark, first.key, point_vox)
    found[first.key] = truth[first.key]
    for point in finder.find(progress=progress):
        if point.case_key != first.key:
            found[point.case_key][point.landmark] = point.point_vox
    return [
        FoundCase(
            case, _on_working_grid(case, truth[case.key]), _on_working_grid(case, found[case.key])
        )
        for case in prepared.cases
    ]


def _on_working_grid(case: Case, points: Points) -> Points:
    return {name: tuple(case.source_to_working(p).tolist()) for name, p in points.items()}


def draw_sheet(cases: Sequence[FoundCase], path: Path, n: int = 12) -> Path:
    """Write the contact sheet of the template film and the next ones."""
    tiles = [
        Tile(
            np.asarray(one.case.array[0]),
            one.case.name if index else f"{one.case.name}: clicked here",
            one.truth,
            one.found,
        )
        for index, one in enumerate(cases[:n])
    ]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        contact_sheet(tiles).save(path)
    except OSError as error:
        raise StorageError(
            f"{path}: the contact sheet cannot be written ({error}). Choose another --out"
        ) from error
    return path


def write_for_viewer(cases: Sequence[FoundCase], folder: Path) -> Path:
    """Write what the window shows: all films as one stack, true and found points on it.

    The films lie in the middle of equal frames; a slider steps through them.
    """
    shape = np.max([one.case.grid.shape for one in cases], axis=0)
    corners = [(shape - one.case.grid.shape) // 2 for one in cases]
    stack = np.zeros((len(cases), *shape), np.uint8)
    for frame, one, (top, left) in zip(stack, cases, corners, strict=True):
        height, width = one.case.grid.shape
        film = np.asarray(one.case.array[0], np.float32) * 255
        frame[top : top + height, left : left + width] = film
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"{folder}: the folder cannot be made ({error.strerror}). Choose another --out"
        ) from error
    write_image(Image(stack, Grid.create(stack.shape), "zyx"), folder / FILMS)
    for name in POINTS:
        points = [getattr(one, name) for one in cases]
        write_landmarks_csv(folder / f"{name}.csv", _on_stack(points, corners))
    return folder


def _on_stack(cases: Sequence[Points], corners: Sequence[np.ndarray]) -> list[ExportPoint]:
    return [
        ExportPoint(FILMS, landmark, (float(index), y, x), (x, y, float(index)), "px")
        for index, (points, corner) in enumerate(zip(cases, corners, strict=True))
        for landmark, point in points.items()
        for y, x in [(np.asarray(point) + corner).tolist()]
    ]


def can_show() -> bool:
    """Whether napari and its plugin are installed and there is a screen to show them on."""
    installed = all(importlib.util.find_spec(name) for name in ("napari", "napari_medssl"))
    return has_display() and installed


def open_window(folder: Path) -> None:
    """Open napari on what `write_for_viewer` wrote, in a process that outlives this one."""
    command = [sys.executable, "-m", "napari_medssl.demo_window", str(folder)]
    subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
