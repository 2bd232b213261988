"""Model folders: what is saved comes back; what is damaged is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from medssl.errors import ModelError
from medssl.models import DataInfo, EmbeddingInfo, ModelCard, load_model, save_model
from medssl.nets import Architecture, build_net
from medssl.prepare.settings import PrepareSettings

ARCHITECTURE = Architecture.plain(widths=(4, 6, 8), out_stride=2, embedding_channels=5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(3)
    card = ModelCard(
        architecture=ARCHITECTURE,
        input=PrepareSettings(ndim=2, longest_side=64),
        embedding=EmbeddingInfo(channels=5, stride=2),
        recipe={"name": "ld-dense-quick"},
        data=DataInfo(n_images=7, fingerprint="abc"),
    )
    return save_model(tmp_path / "run" / "model", build_net(ARCHITECTURE), card)


def test_a_model_comes_back_as_it_was(folder: Path) -> None:
    torch.manual_seed(3)
    before = build_net(ARCHITECTURE).eval()
    model = load_model(folder)
    image = torch.rand(1, 1, 20, 24)
    assert torch.equal(model.net(image), before(image))
    assert not model.net.training
    assert model.card.data.n_images == 7
    assert "7 images" in (folder / "card.md").read_text()


def test_a_run_folder_serves(folder: Path) -> None:
    assert load_model(folder.parent).path == folder


def test_an_unfinished_run_says_so(tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text("{}")
    with pytest.raises(ModelError, match="no model yet"):
        load_model(tmp_path)


def test_no_model_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such folder"):
        load_model(tmp_path / "nowhere")
    with pytest.raises(ModelError, match=r"no model\.json"):
        load_model(tmp_path)


@pytest.mark.parametrize("damage", ["cut", "missing", "other net", "card", "field", "newer"])
def test_damage_is_told(folder: Path, damage: str) -> None:
    weights, card = folder / "model.safetensors", folder / "model.json"
    values = json.loads(card.read_text())
    if damage == "cut":
        weights.write_bytes(weights.read_bytes()[:200])
    elif damage == "missing":
        weights.unlink()
    elif damage == "other net":
        values["architecture"]["widths"] = [4, 6, 10]
        card.write_text(json.dumps(values))
    elif damage == "card":
        card.write_text(card.read_text()[:50])
    elif damage == "field":
        del values["embedding"]
        card.write_text(json.dumps(values))
    else:
        card.write_text(json.dumps(values | {"format": 2}))
    with pytest.raises(ModelError, match=r"model\.(safetensors|json)"):
        load_model(folder)


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (("embedding", "stride"), 4, r"embedding\.stride is 4, but the net is built for 2"),
        (("embedding", "channels"), 6, r"embedding\.channels is 6, but the net is built for 5"),
        (("input", "ndim"), 3, r"input\.ndim is 3, but the net is built for 2"),
        (("input", "channels"), 3, r"input\.channels is 3, but the net is built for 1"),
    ],
)
def test_a_card_that_contradicts_its_net_is_refused(
    folder: Path, place: tuple[str, str], value: int, told: str
) -> None:
    card = folder / "model.json"
    values = json.loads(card.read_text())
    values[place[0]][place[1]] = value
    card.write_text(json.dumps(values))
    with pytest.raises(ModelError, match=rf"is damaged \({told}\)"):
        load_model(folder)


def test_a_card_that_is_no_object_is_told_in_words(folder: Path) -> None:
    (folder / "model.json").write_text("[1]")
    with pytest.raises(ModelError, match=r"\(it holds a list, not an object with names\)"):
        load_model(folder)
