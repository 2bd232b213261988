"""Small pictures with a bright disc on the left, on the right, or none: labels and masks follow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medssl.geometry import Grid
from medssl.io import Image, ImageListing, list_images, write_image
from medssl.prepare import ArrayCache, PreparedCohort, PrepareSettings, prepare_cohort

KINDS = ("left", "none", "right")
SIDE = 32


@dataclass(frozen=True)
class Blobs:
    """Where things are, and what is in each picture."""

    images: Path
    masks: Path
    labels: Path
    listing: ImageListing
    prepared: PreparedCohort
    kinds: dict[str, str]


def write_blobs(root: Path, count: int = 30) -> Blobs:
    """Write pictures, masks and a table."""
    rng = np.random.default_rng(1)
    images, masks = root / "images", root / "masks"
    images.mkdir()
    masks.mkdir()
    y, x = np.mgrid[:SIDE, :SIDE]
    kinds = {}
    for number in range(count):
        name, kind = f"p{number:02d}.png", KINDS[number % 3]
        centre = rng.integers(11, 21), rng.integers(6, 11) + (15 if kind == "right" else 0)
        disc = (y - centre[0]) ** 2 + (x - centre[1]) ** 2 < rng.integers(12, 30)
        if kind == "none":
            disc[:] = False
        values = 90 + 15 * rng.standard_normal((SIDE, SIDE)) + 100 * disc
        grid = Grid.create((SIDE, SIDE))
        write_image(Image(values.clip(0, 255).astype(np.uint8), grid, "yx"), images / name)
        write_image(Image(np.where(disc, 255, 0).astype(np.uint8), grid, "yx"), masks / name)
        kinds[name] = kind
    labels = root / "labels.csv"
    lines = ["image,label", *(f"{name},{kind}" for name, kind in kinds.items())]
    labels.write_text("\n".join(lines) + "\n")
    listing = list_images(images)
    settings = PrepareSettings(longest_side=SIDE)
    prepared = prepare_cohort(listing, settings, ArrayCache(root / "cache"))
    return Blobs(images, masks, labels, listing, prepared, kinds)
