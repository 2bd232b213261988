"""Opening a model: by folder, for the right dimension, on a device that is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from medssl.embed import DenseEmbedder, open_embedder, open_landmark_embedder
from medssl.errors import ModelError, SettingsError

Maker = Callable[..., Path]


@pytest.mark.parametrize(("ndim", "shape"), [(2, (50, 64)), (3, (13, 20, 18)), (2, (1, 1))])
def test_a_model_folder_embeds(model_folder: Maker, ndim: int, shape: tuple[int, ...]) -> None:
    embedder = open_embedder(model_folder(ndim), ndim, "cpu")
    assert isinstance(embedder, DenseEmbedder)
    assert (embedder.name, embedder.ndim, embedder.stride) == ("net", ndim, 4)
    embedding = embedder.embed(np.random.default_rng(0).random((1, *shape)))
    assert embedding.dtype == np.float16
    assert embedding.shape == (6, *(-(-s // 4) for s in shape))
    np.testing.assert_allclose(np.linalg.norm(embedding.astype(float), axis=0), 1.0, atol=2e-3)


def test_fingerprint_follows_the_weights(model_folder: Maker) -> None:
    one = open_embedder(model_folder(name="one"))
    same = open_embedder(model_folder(name="same"))
    other = open_embedder(model_folder(3), 3)
    assert one.fingerprint == same.fingerprint != other.fingerprint


def test_wrong_dimension_device_and_folder(model_folder: Maker, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"for 2-D images, the images are 3-D"):
        open_embedder(model_folder(), 3)
    with pytest.raises(SettingsError, match="'abacus'"):
        open_embedder(model_folder(), device="abacus")
    with pytest.raises(SettingsError, match="4-D"):
        open_embedder(model_folder(), 4)
    with pytest.raises(ModelError, match="nothing"):
        open_embedder(tmp_path / "nothing")


def test_wrong_channels(model_folder: Maker) -> None:
    with pytest.raises(SettingsError, match="1 channel"):
        open_embedder(model_folder()).embed(np.zeros((3, 20, 20)))


def test_a_model_counts_the_more_the_longer_it_was_trained(model_folder: Maker) -> None:
    def instant_part(name: str, recipe: dict[str, object]) -> float:
        folder = model_folder(name=name)
        path = folder / "model.json"
        card = json.loads(path.read_text()) | {"recipe": recipe}
        path.write_text(json.dumps(card))
        joined = open_landmark_embedder(folder, device="cpu")
        embedding = joined.embed(np.random.default_rng(0).random((1, 40, 48))).astype(float)
        assert embedding.shape[0] > 100
        return float(np.linalg.norm(embedding[6:], axis=0).mean())

    brief = instant_part("brief", {"steps": 17, "resolved": {"batch": 12}})
    long = instant_part("long", {"steps": 700, "resolved": {"batch": 12}})
    unknown = instant_part("unknown", {})
    assert 1 > brief > 0.98 > unknown > long > 0.75
