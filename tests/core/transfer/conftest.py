"""Prepared phantoms with labels and masks, and a net that learns in seconds."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from medssl.io import ImageListing, list_images
from medssl.nets import Architecture
from medssl.phantom import PhantomFolder, write_cohort
from medssl.prepare import ArrayCache, PreparedCohort, PrepareSettings, prepare_cohort
from medssl.transfer import FinetuneSettings


@dataclass(frozen=True)
class Films:
    """Chest phantoms in files, listed and prepared."""

    folder: PhantomFolder
    listing: ImageListing
    prepared: PreparedCohort


def prepared_phantoms(root: object, n: int, ndim: int, size: int, longest_side: int = 48) -> Films:
    folder = write_cohort(root, n, ndim=ndim, seed=3, size=size)
    listing = list_images(folder.images)
    settings = PrepareSettings(ndim=ndim, longest_side=longest_side)
    return Films(folder, listing, prepare_cohort(listing, settings, ArrayCache(root / "cache")))


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Films:
    return prepared_phantoms(tmp_path_factory.mktemp("films"), 14, 2, 96)


@pytest.fixture(scope="session")
def trunks(tmp_path_factory: pytest.TempPathFactory) -> Films:
    return prepared_phantoms(tmp_path_factory.mktemp("trunks"), 4, 3, 32)


@pytest.fixture
def tiny() -> Architecture:
    return Architecture.plain(widths=(8, 16, 16), out_stride=2, embedding_channels=8)


def quick(**values: object) -> FinetuneSettings:
    preset = FinetuneSettings.preset(device="cpu")
    return preset.model_copy(update={"steps": 30, "batch": 6, "largest_crop": 48} | values)
