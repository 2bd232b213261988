"""Colours of landmarks and organs, the same in lists, on images and in files."""

from __future__ import annotations

from collections.abc import Sequence

#: Okabe and Ito's colours that are light enough for dark images, told apart by the colour-blind.
COLOURS = ("#56B4E9", "#E69F00", "#F0E442", "#CC79A7", "#2DD4A7", "#FF8A5B")


def colour_of(name: str, names: Sequence[str]) -> str:
    """Colour of a landmark or organ, by its place among all of them."""
    at = names.index(name) if name in names else 0
    return COLOURS[at % len(COLOURS)]
