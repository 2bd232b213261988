"""Find the visual words of a training before the first stage that tells them apart."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from medssl.correspond import CohortWords, find_words
from medssl.correspond.neighbours import HasArray
from medssl.pretrain.control import Control
from medssl.pretrain.kept import found_once
from medssl.pretrain.recipe import Recipe, Stage
from medssl.runs import RunFolder
from medssl.views import DistortedViewSettings
from medssl.views.crops import middle_sides

FILE = "visual-words.safetensors"
_FILLS = 0.75
"""A crop with this share of every side shows the same wherever it lies."""


def find_cohort_words(
    stage: Stage,
    cases: Sequence[HasArray],
    training: int,
    seed: int,
    folder: RunFolder,
    control: Control,
    steps: tuple[int, int],
) -> CohortWords:
    """Find the words of a cohort, or read them back.

    They are kept in the run folder, so that all stages and a resumed run have the same ones. The
    first process finds or reads them for all.

    Parameters
    ----------
    stage
        The first stage that tells words apart.
    cases
        The images: those trained on, then those held out.
    training
        How many are trained on.
    seed
        Decides the words.
    folder
        Where they are kept.
    control
        Told of each image.
    steps
        Steps done, and steps in all or 0, to be told beside.

    Raises
    ------
    Cancelled
        If it is asked to stop; nothing is kept then.
    """
    views = stage.views
    assert isinstance(views, DistortedViewSettings)
    sides = partial(middle_sides, view_size=views.size, settings=views.crops)

    def tell(done: int, total: int, message: str) -> None:
        control.tell(*steps, f"{message} {done}/{total}")

    def find(path: Path) -> None:
        find_words(cases, training, stage.words, sides, seed, tell).save(path)

    path = folder.path / FILE
    what = "which words the images show"
    return CohortWords.read(found_once(path, find, what, folder, control, steps[0]), path)


def warn_of_large_views(shapes: Sequence[tuple[int, ...]], recipe: Recipe) -> str:
    """Say that most images are hardly larger than a view, which says nothing of its place."""
    stage = recipe.stage_with_words
    if stage is None or not isinstance(stage.views, DistortedViewSettings):
        return ""
    filled = 0
    for shape in shapes:
        sides = middle_sides(shape, stage.views.size, stage.views.crops)
        filled += all(a >= _FILLS * b for a, b in zip(sides, shape, strict=True))
    if 2 * filled <= len(shapes):
        return ""
    size = " × ".join(map(str, stage.views.size))
    return (
        f"{filled} of {len(shapes)} images are hardly larger than a view of {size} voxels, so that "
        "their visual words look alike. Take another recipe (dira-barlow), or larger images."
    )
