"""What a person should know of images that a recipe can learn from, but not as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from medssl.prepare.prepared import COLOUR_AS_GREY
from medssl.pretrain.recipe import Recipe

if TYPE_CHECKING:
    from medssl.prepare import Case

_THINNED = 16


def notes_on_images(cases: Sequence[Case], recipe: Recipe) -> list[str]:
    """Return what to say of the number, the colours and the sizes of the images."""
    notes = []
    if len(cases) == 1:
        notes.append("there is one image: the model learns its places, not how anatomy varies")
    colour = sum(COLOUR_AS_GREY in case.warnings for case in cases)
    if colour:
        notes.append(
            f"{colour} colour images are trained on as grey: take 3 channels to learn from colours"
        )
    grey = 0 if recipe.prepare.channels == 1 else sum(_is_grey(case.array) for case in cases)
    if 0 < grey < len(cases):
        notes.append(
            f"{grey} of the {len(cases)} images are grey, the others in colour: the net learns to "
            "tell these two kinds apart. Take images of one kind, or 1 channel"
        )
    smaller, view = _smaller_than_views(cases, recipe)
    if smaller:
        notes.append(
            f"{smaller} of the {len(cases)} images are smaller than a view of "
            f"{' × '.join(map(str, view))} voxels: what lies beyond them is black"
        )
    return notes


def _is_grey(array: NDArray[Any]) -> bool:
    """Whether the colours ``(3, *spatial)`` of an image are the same everywhere."""
    thinned = array[(slice(None), *[slice(None, None, _THINNED)] * (array.ndim - 1))]
    return bool((np.ptp(thinned, axis=0) == 0).all())


def _smaller_than_views(cases: Sequence[Case], recipe: Recipe) -> tuple[int, tuple[int, ...]]:
    """Count images that do not fill a crop which is not resized to them; and tell its size."""
    for stage in recipe.stages:
        if stage.views.kind == "distorted" and stage.views.crops.of == "view":
            view = stage.views.size
            shapes = [case.array.shape[1:] for case in cases]
            return sum(any(np.less(shape, view)) for shape in shapes), view
    return 0, ()
