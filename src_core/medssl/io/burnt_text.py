"""Whether a picture has text burnt into its pixels: a line of letters in its brightest value.

What stations write over a picture has one value, its brightest, sharp edges, letters of about one
height, and a common baseline. Anatomy has no such lines. Text in another value, of fewer or very
small letters, or on a bright ground is not seen: a picture in which nothing is found may still
hold some.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from medssl.io.image import Image

LETTERS = 5
"""So many letters in a line are taken for text."""

_NEAR_TOP = 0.008  # of the range: two steps of 8 bits
_DARK = 0.6
_HEIGHTS = (7, 60)
_MOST_PARTS = 20_000
_MOST_LETTERS = 2_000
Letter = tuple[int, int, int, int]  # bottom, height, left, right


def has_text(image: Image) -> bool:
    """Whether text is seen in a picture; False for volumes."""
    if image.ndim != 2:
        return False
    array = np.asarray(image.frame(0).array, np.float32)
    grey = array.max(axis=-1) if image.is_colour else array
    return _longest_line(_letters(-grey if image.inverted else grey)) >= LETTERS


def _letters(grey: NDArray[np.float32]) -> list[Letter]:
    """Bright parts of the size and fill of letters, with dark around them; from left to right."""
    known = np.isfinite(grey)
    if not known.any():
        return []
    low, top = float(grey[known].min()), float(grey[known].max())
    if top <= low:
        return []
    grey = np.where(known, grey, low)
    bright = grey >= top - _NEAR_TOP * (top - low)
    labels, count = ndimage.label(bright, np.ones((3, 3)))
    if count > _MOST_PARTS:
        return []
    areas = np.bincount(labels.ravel())
    found = []
    for number, place in enumerate(ndimage.find_objects(labels), 1):
        height, width = (part.stop - part.start for part in place)
        if not _HEIGHTS[0] <= height <= _HEIGHTS[1] or not 2 <= width <= 1.6 * height:
            continue
        fill = areas[number] / (height * width)
        if 0.12 <= fill <= 0.85 and _on_dark(grey, bright, place, low, top):
            found.append((place[0].stop, height, place[1].start, place[1].stop))
    return sorted(found, key=lambda letter: letter[2])


def _on_dark(
    grey: NDArray[np.float32],
    bright: NDArray[np.bool_],
    place: Any,
    low: float,
    top: float,
) -> bool:
    around = tuple(slice(max(0, part.start - 2), part.stop + 2) for part in place)
    ground = grey[around][~bright[around]]
    return bool(ground.size) and float(np.median(ground)) < low + _DARK * (top - low)


def _longest_line(letters: list[Letter]) -> int:
    """Count the letters of the longest line: one baseline, one height, no wide gaps."""
    if len(letters) > _MOST_LETTERS:
        return 0
    longest = 0
    for at, (bottom, height, _, right) in enumerate(letters):
        count, end = 1, right
        for other_bottom, other_height, left, other_right in letters[at + 1 :]:
            if left - end > 1.6 * height:
                break
            level = abs(other_bottom - bottom) <= 0.25 * height
            if level and 0.6 <= other_height / height <= 1.6 and left >= end - 1:
                count, end = count + 1, other_right
        longest = max(longest, count)
    return longest
