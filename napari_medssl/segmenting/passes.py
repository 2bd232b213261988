"""A whole cohort, image by image: first at a glance, then outlined with a confidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from medssl.progress import Progress


class Found(NamedTuple):
    """The mask of an organ in an image, on its own grid, and how sure it is.

    Parameters
    ----------
    key
        The image.
    mask
        Its voxels; None: those that were told before, of which more is known now.
    confidence
        How sure it is.
    """

    key: str
    mask: NDArray[np.bool_] | None
    confidence: float


def read_cohort(
    keys: Sequence[str],
    glance: Callable[[str], tuple[float, float]],
    outline: Callable[[str], NDArray[np.bool_]],
    progress: Progress,
) -> Iterator[Found]:
    """Yield the mask of every image; one is in memory at a time.

    The confidence is the Dice that a mask can expect, times how usual its size is in the cohort:
    sizes of all images are needed before the first mask can be told.

    Parameters
    ----------
    keys
        The images.
    glance
        Gives the Dice that an image's mask can expect, and its share of the image, quickly.
    outline
        Gives the mask.
    progress
        Called at each image; may raise `Cancelled`.
    """
    from medssl.segment.clusters import typicality

    seen = []
    for number, key in enumerate(keys):
        progress(0, 0, f"Looking at {number + 1} of {len(keys)} images")
        seen.append(glance(key))
    usual = typicality(np.array([share for _, share in seen])) if seen else ()
    for number, (key, (trust, _), common) in enumerate(zip(keys, seen, usual, strict=True)):
        progress(number, len(keys), f"Segmenting {key}")
        mask = outline(key)
        yield Found(key, mask, trust * float(common) if mask.any() else 0.0)
