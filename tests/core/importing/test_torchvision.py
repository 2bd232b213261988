"""ResNets and VGGs with torchvision's names give the features that they were trained to give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from medssl.errors import SettingsError
from medssl.importing import ImportedModel, import_weights, make_settings

from .resnets import ResNet, Vgg16, trained

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
DEVIATION = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


def imported(tmp_path: Path, state: dict[str, Any], **settings: Any) -> ImportedModel:
    path = tmp_path / "weights.pth"
    torch.save(state, path)
    return import_weights(path, make_settings(**settings))


def picture(channels: int = 3, side: int = 64) -> Tensor:
    return torch.rand(1, channels, side, side, generator=torch.Generator().manual_seed(1))


def close(ours: Tensor, theirs: Tensor) -> bool:
    return torch.allclose(ours, theirs, rtol=1e-4, atol=1e-4 * theirs.detach().abs().max().item())


@pytest.mark.parametrize(("depth", "tensors"), [(18, 100), (50, 265)])
def test_every_level_of_a_resnet_is_the_same(tmp_path: Path, depth: int, tensors: int) -> None:
    theirs = trained(ResNet(depth))
    model = imported(
        tmp_path, theirs.state_dict(), arch=f"resnet{depth}", width=8, channels=3, input_norm="own"
    )
    images = picture() * 2 - 1
    for ours, expected in zip(model.net.pyramid(images), theirs.maps(images), strict=True):
        assert expected.std() > 0.01
        assert close(ours, expected)
    told = model.report()
    assert told["matched"] == tensors
    assert told["parts"]["encoder level 0"] == [5, 5]
    assert told["left_random"] == []
    assert told["unmatched_in_file"] == ["fc.weight", "fc.bias"]
    assert told["naming"] == "torchvision"
    assert told["embedding_of"] == "encoder"


def test_old_files_without_counters_are_complete(tmp_path: Path) -> None:
    state = trained(ResNet()).state_dict()
    state = {name: value for name, value in state.items() if "num_batches" not in name}
    model = imported(tmp_path, state, arch="resnet18", width=8)
    assert model.report()["left_random"] == []
    assert model.report()["matched"] == 100


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("norm", ["imagenet", "unit"])
def test_the_input_is_adapted_exactly_inside_of_the_border(
    tmp_path: Path, channels: int, norm: str
) -> None:
    theirs = trained(ResNet())
    model = imported(
        tmp_path,
        theirs.state_dict(),
        arch="resnet18",
        width=8,
        channels=channels,
        input_norm=norm,
    )
    values = picture(channels)
    seen = values.expand(-1, 3, -1, -1)
    if norm == "imagenet":
        seen = (seen - MEAN) / DEVIATION
    ours = model.net.pyramid(values * 2 - 1)[0]
    expected = theirs.maps(seen)[0]
    inside = (..., slice(2, -2), slice(2, -2))
    assert close(ours[inside], expected[inside])
    summed = any("summed" in note for note in model.report()["notes"])
    assert summed is (channels == 1)


def test_imagenet_is_what_is_meant_by_torchvision(tmp_path: Path) -> None:
    state = trained(ResNet()).state_dict()
    asked = imported(tmp_path, state, arch="resnet18", width=8, input_norm="imagenet")
    guessed = imported(tmp_path, state, arch="resnet18", width=8)
    images = picture(1)
    assert torch.equal(asked.net(images), guessed.net(images))
    assert any("ImageNet" in note for note in guessed.report()["notes"])


def test_grey_weights_serve_grey_and_colour(tmp_path: Path) -> None:
    theirs = trained(ResNet(colours=1))
    grey = picture(1)
    expected = theirs.maps(grey * 2 - 1)[4]
    for channels in (1, 3):
        model = imported(
            tmp_path,
            theirs.state_dict(),
            arch="resnet18",
            width=8,
            channels=channels,
            input_norm="own",
        )
        images = (grey * 2 - 1).expand(-1, channels, -1, -1)
        assert close(model.net.pyramid(images)[4], expected)
    with pytest.raises(SettingsError, match="grey"):
        imported(tmp_path, theirs.state_dict(), arch="resnet18", width=8, input_norm="imagenet")


@pytest.mark.parametrize(
    "prefix",
    [
        "module.",
        "encoder_q.",
        "module.encoder_q.",
        "backbone.",
        "encoder.",
        "model.",
        "net.of.a.thesis.",
    ],
)
def test_any_prefix_is_taken_off(tmp_path: Path, prefix: str) -> None:
    theirs = trained(ResNet())
    state = {f"{prefix}{name}": value for name, value in theirs.state_dict().items()}
    model = imported(tmp_path, state, arch="resnet18", width=8, channels=3, input_norm="own")
    images = picture()
    assert close(model.net.pyramid(images)[4], theirs.maps(images)[4])
    assert model.report()["prefix"] == prefix


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_moco_gives_its_query_encoder(tmp_path: Path, suffix: str) -> None:
    """Also from safetensors, whose names are sorted: the key encoder comes first."""
    query, key = trained(ResNet(), 1), trained(ResNet(), 2)
    state = {
        f"module.encoder_{letter}.{name}": value
        for letter, net in (("k", key), ("q", query))
        for name, value in net.state_dict().items()
    }
    state["module.queue"] = torch.rand(4, 16)
    path = tmp_path / f"moco.{suffix}"
    if suffix == "pth":
        saved = {"epoch": 200, "arch": "resnet18", "state_dict": state, "optimizer": {"state": {}}}
        torch.save(saved, path)
    else:
        save_file(state, path)
    model = import_weights(
        path, make_settings(arch="resnet18", width=8, channels=3, input_norm="own")
    )
    images = picture()
    assert close(model.net.pyramid(images)[4], query.maps(images)[4])
    unused = model.report()["unmatched_in_file"]
    assert "module.queue" in unused
    assert "module.encoder_k.conv1.weight" in unused


def test_weights_are_found_in_nested_dictionaries(tmp_path: Path) -> None:
    student, teacher = trained(ResNet(), 1), trained(ResNet(), 2)
    nested = {"nets": {"student": student.state_dict(), "teacher": teacher.state_dict()}, "step": 3}
    model = imported(tmp_path, nested, arch="resnet18", width=8, channels=3, input_norm="own")
    images = picture()
    assert close(model.net.pyramid(images)[4], teacher.maps(images)[4])
    assert model.report()["prefix"] == "nets.teacher"


@pytest.mark.parametrize("second", ["target_network.", "backbone_momentum.", "encoder_k."])
def test_the_copy_that_is_not_learned_comes_second(tmp_path: Path, second: str) -> None:
    copy, learned = trained(ResNet(), 1), trained(ResNet(), 2)
    state = {f"{second}{name}": value for name, value in copy.state_dict().items()}
    state |= {f"zz.{name}": value for name, value in learned.state_dict().items()}
    model = imported(tmp_path, state, arch="resnet18", width=8, channels=3, input_norm="own")
    assert model.report()["prefix"] == "zz."


def test_a_vgg_with_biases_is_the_same(tmp_path: Path) -> None:
    theirs = trained(Vgg16())
    model = imported(tmp_path, theirs.state_dict(), arch="vgg-tiny", channels=3, input_norm="own")
    images = picture() * 2 - 1
    hidden, expected = images, []
    for layer in theirs.features:
        if isinstance(layer, nn.MaxPool2d):
            expected.append(hidden)
        hidden = layer(hidden)
    for ours, wanted in zip(model.net.pyramid(images), expected, strict=True):
        assert close(ours, wanted)
    told = model.report()
    assert told["left_random"] == []
    assert told["unmatched_in_file"] == ["classifier.weight", "classifier.bias"]
    assert told["stride"] == 4


def test_what_is_missing_is_named_and_the_same_each_time(tmp_path: Path) -> None:
    state = trained(ResNet()).state_dict()
    for name in [name for name in state if name.startswith("layer4.1.")]:
        del state[name]
    first = imported(tmp_path, state, arch="resnet18", width=8)
    again = imported(tmp_path, state, arch="resnet18", width=8)
    assert len(first.left_random) == 10
    assert all(name.startswith("encoder.4.1.") for name in first.left_random)
    assert any("stay random" in note for note in first.report()["notes"])
    images = picture(1)
    assert torch.equal(first.net.pyramid(images)[4], again.net.pyramid(images)[4])
