"""Our own weights come back as they were, and statistics come from images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from medssl.errors import FileRefusedError, SettingsError
from medssl.importing import import_weights, make_settings
from medssl.models import DataInfo, EmbeddingInfo, ModelCard, load_model, save_model
from medssl.nets import Architecture, build_net, normalise_input
from medssl.prepare.settings import PrepareSettings

from .resnets import ResNet, trained

PLAIN = (4, 8, 16, 32, 32, 32)


def decoding(net: Architecture, restoration: bool) -> Architecture:
    made = {
        "embedding_of": "decoder",
        "embedding_channels": net.feature_channels,
        "restoration": restoration,
    }
    return Architecture.model_validate(net.model_dump() | made)


@pytest.mark.parametrize(
    ("architecture", "asked"),
    [
        (Architecture.plain(widths=PLAIN, embedding_channels=12), {"arch": "plain", "width": 4}),
        (
            Architecture.plain(3, widths=PLAIN, out_stride=2, embedding_channels=12),
            {"arch": "plain", "width": 4, "ndim": 3, "spacing_mm": 1.5},
        ),
        (Architecture.vgg("tiny"), {"arch": "vgg-tiny"}),
        (
            decoding(Architecture.plain(widths=PLAIN, out_stride=2), restoration=True),
            {"arch": "plain", "width": 4},
        ),
        (
            decoding(Architecture.resnet(18, width=8, out_stride=8), restoration=False),
            {"arch": "resnet18", "width": 8, "stride": 8},
        ),
    ],
)
def test_a_model_of_ours_comes_back(
    tmp_path: Path, architecture: Architecture, asked: dict[str, Any]
) -> None:
    torch.manual_seed(0)
    net = trained(build_net(architecture))
    spacing = asked.get("spacing_mm")
    card = ModelCard(
        architecture=architecture,
        input=PrepareSettings(ndim=architecture.ndim, spacing_mm=spacing),
        embedding=EmbeddingInfo(
            channels=architecture.embedding_channels, stride=architecture.out_stride
        ),
        data=DataInfo(n_images=1),
    )
    before = save_model(tmp_path / "before", net, card)
    model = import_weights(before / "model.safetensors", make_settings(**asked))
    assert model.net.architecture == architecture
    assert model.report()["unmatched_in_file"] == []
    assert model.report()["left_random"] == []
    after = load_model(model.save(tmp_path / "after"))
    images = torch.rand(1, 1, *[40] * architecture.ndim)
    assert torch.equal(after.net(images), load_model(before).net(images))
    assert after.card.input == card.input


def test_the_card_tells_where_it_is_from(tmp_path: Path) -> None:
    torch.save(trained(ResNet()).state_dict(), tmp_path / "downloaded.pth")
    model = import_weights(
        tmp_path / "downloaded.pth",
        make_settings(arch="resnet18", width=8, longest_side=128, licence="CC BY 4.0"),
    )
    folder = model.save(tmp_path / "model")
    card = load_model(folder).card
    assert card.recipe["source"] == "downloaded.pth"
    assert len(card.recipe["sha256"]) == 64
    assert card.recipe["matched"] == 100
    assert card.recipe["unmatched_in_file"] == ["fc.weight", "fc.bias"]
    assert card.images_seen is None
    assert card.data.n_images == 0
    assert card.licence == "CC BY 4.0"
    assert card.input.longest_side == 128
    text = (folder / "card.md").read_text()
    assert "Imported from downloaded.pth" in text
    assert "Trained on: not known" in text
    assert str(tmp_path) not in text + json.dumps(card.model_dump(mode="json"))


def test_a_model_is_not_overwritten(tmp_path: Path) -> None:
    torch.save(trained(ResNet()).state_dict(), tmp_path / "w.pth")
    model = import_weights(tmp_path / "w.pth", make_settings(arch="resnet18", width=8))
    model.save(tmp_path / "model")
    with pytest.raises(FileRefusedError, match="a model already"):
        model.save(tmp_path / "model")


def test_statistics_are_those_of_the_images(tmp_path: Path) -> None:
    torch.save(trained(ResNet()).state_dict(), tmp_path / "w.pth")
    model = import_weights(tmp_path / "w.pth", make_settings(arch="resnet18", width=8, stride=8))
    assert any("not standardised" in note for note in model.report()["notes"])
    generator = np.random.default_rng(0)
    arrays = [generator.random((1, 60, 44 + 8 * n)).astype(np.float16) for n in range(3)]
    model.standardise(arrays)
    assert model.report()["standardised_on"] == 3
    cells = torch.cat(
        [
            model.net.head(model.net.features(normalise_input(torch.from_numpy(a).float()[None])))
            .flatten(2)[0]
            for a in arrays
        ],
        dim=1,
    )  # fmt: skip
    used = cells.std(1) > 0.5  # a channel that is 0 everywhere stays so
    assert used.sum() >= 8
    assert cells.mean(1).abs().max() < 1e-3
    assert (cells.std(1)[used] - 1).abs().max() < 0.02


def test_volumes_are_looked_at_in_their_centre(tmp_path: Path) -> None:
    encoder = trained(build_net(Architecture.plain(3, widths=PLAIN))).encoder
    torch.save(encoder.state_dict(), tmp_path / "w.pth")
    asked = make_settings(arch="plain", width=4, ndim=3, spacing_mm=2.0)
    both = [import_weights(tmp_path / "w.pth", asked) for _ in range(2)]
    assert both[0].report()["stride"] == 2
    volume = np.random.default_rng(0).random((1, 20, 24, 130)).astype(np.float16)
    both[0].standardise([volume])
    both[1].standardise([volume[..., 17:113]])
    images = torch.rand(1, 1, 16, 16, 16)
    assert torch.equal(both[0].net(images), both[1].net(images))
    assert both[0].net(images).isfinite().all()


def test_a_trained_head_has_no_statistics_to_take(tmp_path: Path) -> None:
    net = build_net(Architecture.plain(widths=PLAIN, embedding_channels=12))
    torch.save(net.state_dict(), tmp_path / "w.pth")
    model = import_weights(tmp_path / "w.pth", make_settings(arch="plain", width=4))
    with pytest.raises(SettingsError, match="--images"):
        model.standardise([])
