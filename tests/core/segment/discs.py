"""Small films with a dark disc whose place varies, embedded without training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from medssl.embed import EmbeddedCohort, embed_cohort
from medssl.embed.instant import InstantEmbedder
from medssl.geometry import Grid
from medssl.io import Image, list_images, write_image
from medssl.prepare import ArrayCache, PrepareSettings, prepare_cohort
from medssl.transfer import MaskFiles, find_masks

SIDE = 96


def write_discs(root: Path, count: int = 8) -> tuple[Path, Path]:
    """Write pictures of a body with a dark disc in it, and masks of the discs."""
    rng = np.random.default_rng(4)
    images, masks = root / "images", root / "masks"
    images.mkdir(parents=True)
    masks.mkdir()
    y, x = np.mgrid[:SIDE, :SIDE]
    for number in range(count):
        centre = rng.integers(38, 58, 2)
        disc = (y - centre[0]) ** 2 + (x - centre[1]) ** 2 < rng.integers(16, 21) ** 2
        body = (y - 48) ** 2 / 46**2 + (x - 48) ** 2 / 42**2 < 1
        values = 20 + 150 * body - 90 * disc + 6 * rng.standard_normal((SIDE, SIDE))
        grid, name = Grid.create((SIDE, SIDE)), f"d{number:02d}.png"
        write_image(Image(values.clip(0, 255).astype(np.uint8), grid, "yx"), images / name)
        write_image(Image(np.where(disc, 255, 0).astype(np.uint8), grid, "yx"), masks / name)
    return images, masks


@pytest.fixture(scope="session")
def discs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_discs(tmp_path_factory.mktemp("discs"))


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory, discs: tuple[Path, Path]) -> EmbeddedCohort:
    cache = ArrayCache(tmp_path_factory.mktemp("disc_cache"))
    embedder = InstantEmbedder(2, PrepareSettings(longest_side=SIDE))
    prepared = prepare_cohort(list_images(discs[0]), embedder.settings, cache)
    return embed_cohort(prepared, embedder, cache)


@pytest.fixture(scope="session")
def disc_masks(discs: tuple[Path, Path], embedded: EmbeddedCohort) -> MaskFiles:
    return find_masks(discs[1], embedded.prepared.cases, {"disc": ("mask",)})
