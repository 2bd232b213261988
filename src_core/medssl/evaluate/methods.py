"""The ways to find landmarks that an evaluation compares, behind one call."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from medssl.errors import SettingsError
from medssl.io import ImageSource
from medssl.landmarks.baselines import BaselinePoint, find_by_ncc, find_by_position
from medssl.prepare import ArrayCache, Case, PreparedCohort, PrepareSettings, prepare_cohort
from medssl.progress import Progress

if TYPE_CHECKING:
    from medssl.embed import EmbeddedCohort

Points = dict[str, tuple[float, ...]]


class Guess(NamedTuple):
    """Where a method puts a landmark: `point_vox` ``(z, y, x)`` in the image's own voxels."""

    landmark: str
    case_key: str
    point_vox: tuple[float, ...]
    confidence: float | None


class Answer(NamedTuple):
    """What a method found, and the time of one cold click: the first landmark, nothing known."""

    guesses: list[Guess]
    seconds_per_click: float


Method = Callable[[Case, Points, Sequence[Case], Progress], Answer]
"""Called with the template, its points, the images to search, and the progress callback."""

Baseline = Callable[[Case, Points, Sequence[Case], Progress], list[BaselinePoint]]


def open_method(
    model: str,
    ndim: Literal[2, 3],
    sources: Sequence[ImageSource],
    cache: ArrayCache,
    progress: Progress,
    device: str,
) -> tuple[PreparedCohort, Method]:
    """Prepare the images as the method wants them, and give the method ready to be called.

    Raises
    ------
    SettingsError
        If the model is for images of the other dimension.
    ModelError
        If the model folder cannot be used.
    """
    if model in ("position", "ncc"):
        prepared = prepare_cohort(sources, PrepareSettings(ndim=ndim), cache, progress)
        return prepared, _by_baseline(_by_position if model == "position" else find_by_ncc)
    embedded = open_embedded(model, ndim, sources, cache, progress, device)
    return embedded.prepared, _by_finder(embedded)


def open_embedded(
    model: str,
    ndim: Literal[2, 3],
    sources: Sequence[ImageSource],
    cache: ArrayCache,
    progress: Progress,
    device: str,
) -> EmbeddedCohort:
    """Prepare and embed the images for a model, or the training-free descriptor.

    Raises
    ------
    SettingsError
        If the model is for images of the other dimension.
    ModelError
        If the model folder cannot be used.
    """
    from medssl.embed import embed_cohort, open_landmark_embedder  # torch: not for the baselines

    embedder = open_landmark_embedder(model, ndim, device)
    if embedder.ndim != ndim:
        raise SettingsError(
            f"{model} is for {embedder.ndim}-D images, the true points are {ndim}-D. "
            f"Choose a {ndim}-D model."
        )
    prepared = prepare_cohort(sources, embedder.settings, cache, progress)
    return embed_cohort(prepared, embedder, cache, progress)


def _by_position(
    template: Case, points: Points, queries: Sequence[Case], progress: Progress
) -> list[BaselinePoint]:
    progress(1, 1, f"same place as in {template.name}")
    return find_by_position(template, points, queries)


def _by_baseline(baseline: Baseline) -> Method:
    """Search for the first landmark alone, to time it, and then for the others."""

    def find(template: Case, points: Points, queries: Sequence[Case], progress: Progress) -> Answer:
        first, *others = points
        start = time.perf_counter()
        found = baseline(template, {first: points[first]}, queries, progress)
        seconds = time.perf_counter() - start
        if others:
            found += baseline(template, {n: points[n] for n in others}, queries, progress)
        guesses = [Guess(f.landmark, f.case_key, f.point_vox, f.confidence) for f in found]
        return Answer(guesses, seconds)

    return find


def _by_finder(embedded: EmbeddedCohort) -> Method:
    """Search for the first landmark alone, to time it, and then for all: they share a shape."""
    from medssl.landmarks import LandmarkFinder

    def find(template: Case, points: Points, queries: Sequence[Case], progress: Progress) -> Answer:
        first, *others = points
        keys = [case.key for case in queries]
        start = time.perf_counter()
        finder = LandmarkFinder(embedded)
        finder.add_template(first, template.key, points[first])
        found = finder.find([first], keys, progress)
        seconds = time.perf_counter() - start
        for landmark in others:
            finder.add_template(landmark, template.key, points[landmark])
        if others:
            found = finder.find(list(points), keys, progress)
        guesses = [Guess(f.landmark, f.case_key, f.point_vox, f.confidence) for f in found]
        return Answer(guesses, seconds)

    return find
