"""A U-Net with decoder blocks, as DiRA's published one, restores what it restored before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from medssl.importing import import_weights, make_settings
from medssl.importing.building import choose_net, shapes_of
from medssl.importing.matching import find_match
from medssl.importing.names import encoder_namings
from medssl.nets import Parts

from .resnets import UNet, trained


def saved(tmp_path: Path, state: dict[str, Any]) -> Path:
    path = tmp_path / "unet.pth"
    torch.save({"state_dict": state}, path)
    return path


@pytest.fixture(scope="module")
def theirs() -> UNet:
    return trained(UNet())


def test_decoder_and_restorer_are_the_same(tmp_path: Path, theirs: UNet) -> None:
    path = saved(tmp_path, {f"module.{k}": v for k, v in theirs.state_dict().items()})
    model = import_weights(path, make_settings(arch="resnet18", width=32, input_norm="own"))
    told = model.report()
    assert told["embedding_of"] == "decoder"
    assert told["restoration"]
    assert told["stride"] == 4
    assert told["left_random"] == []
    assert told["unmatched_in_file"] == []
    assert told["parts"]["decoder"] == [30, 30]
    assert told["parts"]["restorer"] == [22, 22]
    grey = torch.rand(1, 1, 64, 64)
    expected = grey.expand(-1, 3, -1, -1)
    restored = model.net.outputs(grey, Parts(restored=True)).restored
    assert restored is not None
    assert torch.allclose(restored, theirs.restored(expected), atol=1e-4)
    maps = theirs.decoded(expected)[2]
    assert torch.allclose(model.net.features(grey), maps, atol=1e-3 * maps.detach().max().item())


def test_values_from_0_to_1_are_assumed(tmp_path: Path, theirs: UNet) -> None:
    model = import_weights(
        saved(tmp_path, theirs.state_dict()), make_settings(arch="resnet18", width=32)
    )
    assert any("values 0 to 1" in note for note in model.report()["notes"])


def test_half_a_decoder_is_left_out_and_named(tmp_path: Path, theirs: UNet) -> None:
    state = theirs.state_dict()
    del state["decoder.blocks.1.conv1.0.weight"]
    model = import_weights(saved(tmp_path, state), make_settings(arch="resnet18", width=32))
    told = model.report()
    assert told["embedding_of"] == "encoder"
    assert "decoder" not in told["parts"]
    assert any("decoder" in note for note in told["notes"])
    assert "decoder.blocks.0.conv1.0.weight" in told["unmatched_in_file"]


def test_a_decoder_with_more_in_its_blocks_is_another(tmp_path: Path, theirs: UNet) -> None:
    state = theirs.state_dict() | {"decoder.blocks.1.attention1.weight": torch.ones(3)}
    model = import_weights(saved(tmp_path, state), make_settings(arch="resnet18", width=32))
    assert model.report()["embedding_of"] == "encoder"
    assert "decoder.blocks.1.attention1.weight" in model.unmatched_in_file


def test_colour_keeps_the_decoder_but_cannot_restore_colours(tmp_path: Path, theirs: UNet) -> None:
    model = import_weights(
        saved(tmp_path, theirs.state_dict()), make_settings(arch="resnet18", width=32, channels=3)
    )
    told = model.report()
    assert told["embedding_of"] == "decoder"
    assert not told["restoration"]
    assert "segmentation_head.0.weight" in told["unmatched_in_file"]


@pytest.mark.parametrize("prefixes", [("", ""), ("module.encoder_q.", "module.")])
def test_the_published_shapes_fit_resnet50(prefixes: tuple[str, str]) -> None:
    """ResNet-50 with a decoder of 256-128-64-32-16, by shapes alone; the decoder may lie apart."""
    with torch.device("meta"):
        state = UNet(50, 64).state_dict()
    assert state["decoder.blocks.0.conv1.0.weight"].shape == (256, 3072, 3, 3)
    encoder_at, decoder_at = prefixes
    dicts = {
        "state_dict": {
            (encoder_at if name.startswith("encoder.") else decoder_at) + name: tensor
            for name, tensor in state.items()
        }
    }
    base = make_settings(arch="resnet50").net
    ours = shapes_of(base)
    encoder = find_match(dicts, encoder_namings(base, ours), ours)
    assert encoder is not None
    assert len(encoder.tensors) == 265
    architecture, other = choose_net(base, None, dicts, encoder)
    assert architecture.embedding_of == "decoder"
    assert architecture.embedding_channels == 64
    assert architecture.restoration
    assert other is not None
    assert len(other.tensors) == 52
