"""Both stages after each other: against the adversary, then refinement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medssl.prepare import Case, PreparedCohort
from medssl.pretrain.run import pretrain
from medssl.pretrain.settings import PretrainSettings
from medssl.progress import Progress, silent
from medssl.segment.shape_guided.maps import ShapeMaps, ShapeNet
from medssl.segment.shape_guided.polarity import shape_sign
from medssl.segment.shape_guided.prior import ShapePrior
from medssl.segment.shape_guided.pseudo_labels import island_size
from medssl.segment.shape_guided.recipe import shape_recipe
from medssl.segment.shape_guided.refining import refine, refined_map
from medssl.segment.shape_guided.settings import ShapeSettings
from medssl.transfer.base import Base
from medssl.transfer.segment import TrainedSegmenter

ADVERSARY_NAME = "adversary"
"""Folder of the first stage, in the run's: a run of its own, which goes on where it was."""


@dataclass(frozen=True)
class LearnedShape:
    """What both stages have found.

    Parameters
    ----------
    before
        Maps of each image before refinement.
    after
        Maps after it; without a round of refinement the same.
    net
        The fresh net, or None.
    warnings
        What a person must know of the training.
    """

    before: tuple[ShapeMaps, ...]
    after: tuple[ShapeMaps, ...]
    net: TrainedSegmenter | None
    warnings: tuple[str, ...]


def learn_shape(
    folder: str | Path,
    prepared: PreparedCohort,
    prior: ShapePrior,
    settings: ShapeSettings,
    progress: Progress = silent,
    base: Base | None = None,
) -> LearnedShape:
    """Learn to find a shape in images, and find it in all of them.

    Parameters
    ----------
    folder
        Where the first stage keeps its run; the same call goes on with it.
    prepared
        The images, prepared by `shape_preparation`.
    prior
        The shape.
    settings
        How it is learned.
    progress
        Called throughout; may raise `Cancelled`.
    base
        Model that the first stage begins with; None, or one without a net: random weights.

    Raises
    ------
    SettingsError
        If the folder holds a run of other settings, images or masks.
    StorageError
        If it cannot be written.
    """
    shapes = prior.shapes(settings.upright)
    sign, note = shape_sign(prepared.cases, prior, settings)
    begin = base.net if base is not None else None
    levels = base.architecture if base is not None and begin is not None else None
    recipe = shape_recipe(settings, prepared.settings, shapes.digest, sign, levels)
    asked = PretrainSettings(
        custom=recipe,
        ndim=settings.ndim,
        channels=3,
        upright=settings.upright,
        device=settings.device,
        seed=settings.seed,
        precision="float32",
        compile="off",
    )
    result = pretrain(
        prepared, asked, Path(folder) / ADVERSARY_NAME, progress, shapes=shapes, begin=begin
    )
    warnings = (*([note] if note else []), *result.warnings)
    before = _first_maps(result.model_folder, prepared.cases, settings, progress)
    smallest = island_size(prior)
    after: Sequence[ShapeMaps] = before
    trained: TrainedSegmenter | None = None
    for number in range(1, settings.rounds + 1):
        trained = refine(prepared.cases, after, settings, smallest, number, progress)
        found = []
        for index, case in enumerate(prepared.cases):
            progress(index, len(prepared.cases), f"finding the shape in {case.name}")
            found.append(refined_map(trained, case))
        after = found
    return LearnedShape(tuple(before), tuple(after), trained, warnings)


def _first_maps(
    model: Path, cases: Sequence[Case], settings: ShapeSettings, progress: Progress
) -> list[ShapeMaps]:
    net = ShapeNet(model, settings.device)
    found = []
    for index, case in enumerate(cases):
        progress(index, len(cases), f"finding the shape in {case.name}")
        found.append(net.maps(np.array(case.array)))
    return found
