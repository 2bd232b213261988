"""Which place of one image is which in another, without any label."""

from __future__ import annotations

from medssl.correspond.alignment import Alignment, Cells, align
from medssl.correspond.descriptor import describe_image
from medssl.correspond.neighbours import Correspondences, find_correspondences

__all__ = [
    "Alignment",
    "Cells",
    "Correspondences",
    "align",
    "describe_image",
    "find_correspondences",
]
