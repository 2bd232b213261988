"""Small cohorts whose true correspondences are known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from medssl.embed import EmbeddedCohort, embed_cohort, open_embedder
from medssl.geometry import Grid
from medssl.io import list_images, write_image
from medssl.io.image import Image
from medssl.phantom.chest import make_chest
from medssl.phantom.volume import make_volume
from medssl.prepare import ArrayCache, prepare_cohort

Embed = Callable[[dict[str, NDArray[np.generic]]], EmbeddedCohort]


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def embed(tmp_path_factory: pytest.TempPathFactory) -> Embed:
    """Write arrays as images (pictures as TIFF, volumes as NIfTI of 1 mm) and embed them."""

    def make(arrays: dict[str, NDArray[np.generic]]) -> EmbeddedCohort:
        folder = tmp_path_factory.mktemp("cohort")
        ndim = next(iter(arrays.values())).ndim
        ending = ".tif" if ndim == 2 else ".nii.gz"
        for name, array in arrays.items():
            image = Image(
                np.asarray(array, np.float32),
                Grid.create(array.shape, (1.0,) * ndim),
                "yx" if ndim == 2 else "zyx",
            )
            write_image(image, folder / f"{name}{ending}")
        return embed_folder(folder, ndim)

    return make


def embed_folder(folder: Path, ndim: int) -> EmbeddedCohort:
    cache = ArrayCache(folder / "cache")
    embedder = open_embedder("instant", ndim)
    prepared = prepare_cohort(list_images(folder), embedder.settings, cache)
    assert not prepared.problems
    return embed_cohort(prepared, embedder, cache)


@pytest.fixture(scope="session")
def film() -> NDArray[np.float32]:
    return np.asarray(make_chest(3, 256).image.array, np.float32)


@pytest.fixture(scope="session")
def trunk() -> NDArray[np.float32]:
    return np.asarray(make_volume(3, 72).image.array, np.float32)


@pytest.fixture(scope="session")
def chests(tmp_path_factory: pytest.TempPathFactory) -> tuple[EmbeddedCohort, dict[str, dict]]:
    """Embed twelve phantom films of different sizes; their true landmarks by key."""
    folder = tmp_path_factory.mktemp("chests")
    truth = {}
    for seed in range(12):
        phantom = make_chest(seed)
        write_image(phantom.image, folder / f"{seed:02d}.png")
        truth[f"{seed:02d}.png"] = phantom.landmarks
    return embed_folder(folder, 2), truth
