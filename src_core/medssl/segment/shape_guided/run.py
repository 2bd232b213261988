"""Learn a shape, and write net, masks and sizes into a folder."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medssl.prepare import Case, PreparedCohort
from medssl.prepare.maps import to_source
from medssl.progress import Progress, silent
from medssl.segment.clusters import expected_dice
from medssl.segment.shape_guided.learning import LearnedShape, learn_shape
from medssl.segment.shape_guided.maps import Floats, ShapeMaps
from medssl.segment.shape_guided.prior import ShapePrior
from medssl.segment.shape_guided.recipe import shape_architecture
from medssl.segment.shape_guided.refining import refine_settings
from medssl.segment.shape_guided.settings import ShapeSettings
from medssl.segment.writing import Outlined, write_label_maps, write_outlined
from medssl.transfer.base import Base
from medssl.transfer.predictions import CERTAIN
from medssl.transfer.segment import TrainedSegmenter
from medssl.transfer.storage import CARD_NAME, make_card, save_trained

BEFORE_NAME = "before"
"""Folder of the label maps before refinement."""
NAME = "shape"


def write_shape(
    folder: Path,
    prepared: PreparedCohort,
    prior: ShapePrior,
    settings: ShapeSettings,
    progress: Progress = silent,
    base: Base | None = None,
) -> tuple[Path, LearnedShape]:
    """Learn, and write masks of all images before and after refinement.

    The fresh net is written last, as fine-tuned nets are: `medssl.transfer.load_trained` reads it.

    Parameters
    ----------
    folder
        Where everything is written.
    prepared, prior
        What `open_shape` returned.
    settings
        How it is learned.
    progress
        Called throughout; may raise `Cancelled`.
    base
        Model that the first stage begins with; None: random weights.

    Returns
    -------
    path
        The table of sizes.
    learned
        What was found.

    Raises
    ------
    StorageError
        If something cannot be written.
    """
    begun = time.monotonic()
    learned = learn_shape(folder, prepared, prior, settings, progress, base)
    before = _by_key(prepared.cases, learned.before)
    after = _by_key(prepared.cases, learned.after)

    def mask(case: Case) -> NDArray[np.uint8]:
        return (source_map(before[case.key], case) > CERTAIN).astype(np.uint8)

    def outline(case: Case) -> Outlined:
        given = source_map(after[case.key], case)
        return Outlined((given > CERTAIN).astype(np.uint8), [expected_dice(given)])

    if learned.net is not None:
        write_label_maps(folder / BEFORE_NAME, prepared.cases, mask, progress)
    table = write_outlined(folder, prepared.cases, outline, (NAME,), (), progress)
    if learned.net is not None and not (folder / CARD_NAME).exists():
        seconds = time.monotonic() - begun
        _save(folder, learned.net, prepared, settings, seconds)
    return table, learned


def _save(
    folder: Path,
    net: TrainedSegmenter,
    prepared: PreparedCohort,
    settings: ShapeSettings,
    seconds: float,
) -> None:
    base = Base(shape_architecture(settings), prepared.settings, None, {})
    learning = refine_settings(settings, settings.rounds)
    save_trained(folder, net, make_card(net, (NAME,), base, prepared, learning, 0, seconds))


def source_map(maps: ShapeMaps, case: Case) -> Floats:
    """Bring the shape's map to the image's own grid."""
    made: Floats = to_source(maps.cluster[None], case.grid, case.source_grid)[0]
    return made


def _by_key(cases: Sequence[Case], maps: Sequence[ShapeMaps]) -> dict[str, ShapeMaps]:
    return {case.key: one for case, one in zip(cases, maps, strict=True)}
