"""Which place of one image is which in another, without any label."""

from __future__ import annotations

from medssl.correspond.alignment import Alignment, Cells, align
from medssl.correspond.descriptor import describe_image
from medssl.correspond.neighbours import Correspondences, find_correspondences
from medssl.correspond.words import CohortWords, find_words

__all__ = [
    "Alignment",
    "Cells",
    "CohortWords",
    "Correspondences",
    "align",
    "describe_image",
    "find_correspondences",
    "find_words",
]
