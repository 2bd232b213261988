"""A model folder with a small net, and a prepared cohort."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Picture

from medssl.io import list_images
from medssl.models import DataInfo, EmbeddingInfo, ModelCard, save_model
from medssl.nets import Architecture, build_net
from medssl.prepare import ArrayCache, PreparedCohort, PrepareSettings, prepare_cohort


@pytest.fixture
def model_folder(tmp_path: Path) -> Callable[..., Path]:
    def make(ndim: int = 2, name: str = "net") -> Path:
        torch.manual_seed(0)
        architecture = Architecture.plain(ndim, widths=(4, 8, 8), embedding_channels=6)
        spacing = 1.0 if ndim == 3 else None
        card = ModelCard(
            architecture=architecture,
            input=PrepareSettings(ndim=ndim, longest_side=64, spacing_mm=spacing),
            embedding=EmbeddingInfo(channels=6, stride=4),
            data=DataInfo(n_images=1),
        )
        return save_model(tmp_path / name, build_net(architecture), card)

    return make


@pytest.fixture
def cache(tmp_path: Path) -> ArrayCache:
    return ArrayCache(tmp_path / "cache")


@pytest.fixture
def prepared(tmp_path: Path, cache: ArrayCache) -> PreparedCohort:
    rng = np.random.default_rng(0)
    folder = tmp_path / "images"
    folder.mkdir()
    for i in range(3):
        pixels = rng.integers(0, 255, (50 + i, 64), dtype=np.uint8)
        Picture.fromarray(pixels).save(folder / f"{i}.png")
    settings = PrepareSettings(longest_side=64)
    return prepare_cohort(list_images(folder), settings, cache)
