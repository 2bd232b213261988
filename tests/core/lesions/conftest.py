"""Small pictures and volumes with a bright thing or none, and settings that learn in seconds."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from medssl.geometry import Grid
from medssl.io import Image, ImageListing, list_images, write_image
from medssl.lesions import LesionBase, LesionLabels, LesionSettings, read_lesion_labels
from medssl.nets import Architecture
from medssl.prepare import ArrayCache, PreparedCohort, PrepareSettings, prepare_cohort
from tests.core.transfer.blobs import SIDE, Blobs

from .discs import write_discs

NET = Architecture.plain(widths=(8, 16, 16), out_stride=2, embedding_channels=8)


def quick(steps: int = 40, **values: object) -> LesionSettings:
    preset = LesionSettings.preset(device="cpu")
    learning = preset.learning.model_copy(update={"steps": steps, "batch": 12})
    head = preset.head.model_copy(update={"stride": 4})
    return preset.model_copy(update={"learning": learning, "head": head, "folds": 2} | values)


def small_base() -> LesionBase:
    return LesionBase(NET, PrepareSettings(longest_side=SIDE), sliced=False, net=None, record={})


@pytest.fixture(scope="session")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> Blobs:
    return write_discs(tmp_path_factory.mktemp("discs"), 36)


@pytest.fixture(scope="session")
def labels(blobs: Blobs) -> LesionLabels:
    return read_lesion_labels(blobs.labels, blobs.listing.sources, normal="none")


@dataclass(frozen=True)
class Balls:
    """Volumes of thick slices with a bright ball in every second one."""

    images: Path
    masks: Path
    labels: Path
    listing: ImageListing
    prepared: PreparedCohort


@pytest.fixture(scope="session")
def balls(tmp_path_factory: pytest.TempPathFactory) -> Balls:
    root = tmp_path_factory.mktemp("balls")
    rng = np.random.default_rng(3)
    images, masks = root / "images", root / "masks"
    images.mkdir()
    masks.mkdir()
    grid = Grid.create((6, 24, 24), (4.0, 1.0, 1.0))
    z, y, x = np.mgrid[:6, :24, :24]
    rows = [("image", "label")]
    for number in range(16):
        name = f"v{number:02d}.nii.gz"
        centre = rng.integers(1, 5), *rng.integers(7, 17, 2)
        ball = (16 * (z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2) < 20
        if number % 2:
            ball[:] = False
        values = 100 + 15 * rng.standard_normal(ball.shape) + 120 * ball
        values[:, 0] = 250  # the same brightest value in all, see discs.py
        write_image(Image(values.astype(np.float32), grid, "zyx"), images / name)
        write_image(Image(ball.astype(np.uint8), grid, "zyx"), masks / name)
        rows.append((name, "normal" if number % 2 else "ball"))
    table = root / "labels.csv"
    with table.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    listing = list_images(images)
    settings = PrepareSettings(ndim=3, max_side=24)
    prepared = prepare_cohort(listing, settings, ArrayCache(root / "cache"))
    return Balls(images, masks, table, listing, prepared)
