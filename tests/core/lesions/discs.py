"""Pictures with a bright line each, and a disc in some.

The line makes all pictures equally bright at their brightest: without it the preparation, which
brings each picture to 0 to 1, would darken the background of those with a disc, and that alone
would tell them apart.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from medssl.geometry import Grid
from medssl.io import Image, list_images, write_image
from medssl.prepare import ArrayCache, PrepareSettings, prepare_cohort
from tests.core.transfer.blobs import KINDS, SIDE, Blobs


def write_discs(root: Path, count: int) -> Blobs:
    """Write pictures, masks and a table; a disc lies left or right."""
    rng = np.random.default_rng(1)
    images, masks = root / "images", root / "masks"
    images.mkdir()
    masks.mkdir()
    y, x = np.mgrid[:SIDE, :SIDE]
    kinds = {}
    for number in range(count):
        name, kind = f"p{number:02d}.png", KINDS[number % 3]
        centre = rng.integers(10, 26), rng.integers(6, 11) + (15 if kind == "right" else 0)
        disc = (y - centre[0]) ** 2 + (x - centre[1]) ** 2 < rng.integers(14, 30)
        if kind == "none":
            disc[:] = False
        values = 80 + 15 * rng.standard_normal((SIDE, SIDE)) + 110 * disc
        values[rng.integers(1, 5)] = 240
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
