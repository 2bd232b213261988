"""Weights of another net are refused, with the likely --arch and --width."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from medssl.errors import FileRefusedError, SettingsError
from medssl.importing import import_weights, make_settings

from .resnets import ResNet, Vgg16


def refuse(tmp_path: Path, state: dict[str, Any], **settings: Any) -> str:
    path = tmp_path / "other.pth"
    torch.save(state, path)
    with pytest.raises(FileRefusedError) as refused:
        import_weights(path, make_settings(**settings))
    assert "other.pth" in str(refused.value)
    return str(refused.value)


def test_nothing_in_common_names_what_is_there_and_what_was_expected(tmp_path: Path) -> None:
    said = refuse(tmp_path, {"patch_embed.proj.weight": torch.ones(2, 3, 4, 4)}, arch="resnet18")
    assert "patch_embed.proj.weight (2 × 3 × 4 × 4)" in said
    assert "conv1.weight (64 × 1 × 7 × 7)" in said


@pytest.mark.parametrize(
    ("net", "asked", "likely"),
    [
        (ResNet(18, 8), {"arch": "resnet18"}, "--arch resnet18 --width 8"),
        (ResNet(50, 8), {"arch": "resnet18", "width": 8}, "--arch resnet50 --width 8"),
        (ResNet(18, 8), {"arch": "resnet50", "width": 8}, "--arch resnet18 --width 8"),
        (ResNet(18, 8), {"arch": "plain"}, "--arch resnet18 --width 8"),
        (Vgg16(), {"arch": "vgg-small"}, "--arch vgg-tiny"),
        (Vgg16(), {"arch": "resnet18"}, "--arch vgg-tiny"),
    ],
)
def test_another_net_is_told_from_its_names_and_shapes(
    tmp_path: Path, net: nn.Module, asked: dict[str, Any], likely: str
) -> None:
    prefixed = {f"module.{name}": value for name, value in net.state_dict().items()}
    assert likely in refuse(tmp_path, prefixed, **asked)


def test_a_deeper_resnet_is_not_cut(tmp_path: Path) -> None:
    """Every tensor of ResNet-18 is in ResNet-34, under its name and in its shape."""
    said = refuse(tmp_path, ResNet(34, 8).state_dict(), arch="resnet18", width=8)
    assert "no place for" in said
    assert "3-4-6-3 basic blocks" in said


def test_a_few_tensors_are_not_enough(tmp_path: Path) -> None:
    state = ResNet(18, 8).state_dict()
    few = {name: state[name] for name in ("conv1.weight", "bn1.weight", "bn1.bias")}
    said = refuse(tmp_path, few, arch="resnet18", width=8)
    assert "only 3 of the 100 tensors" in said


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    state = ResNet(18, 8).state_dict()
    state["layer2.0.conv1.weight"][0, 0, 0, 0] = float("nan")
    assert "finite" in refuse(tmp_path, state, arch="resnet18", width=8)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"arch": "resnet18", "ndim": 3, "spacing_mm": 1.0}, "pictures"),
        ({"arch": "plain", "ndim": 3}, "--spacing-mm"),
        ({"arch": "plain", "ndim": 3, "spacing_mm": 1.0, "longest_side": 64}, "--longest-side"),
        ({"arch": "plain", "spacing_mm": 1.0}, "--longest-side"),
        ({"arch": "vgg-tiny", "width": 8}, "vgg-tiny 16"),
        ({"arch": "plain", "channels": 2}, "--channels"),
        ({"arch": "plain", "longest_side": 1}, "--longest-side"),
    ],
)
def test_settings_that_do_not_fit_together(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        make_settings(**settings)


def test_a_stride_that_the_net_has_not(tmp_path: Path) -> None:
    torch.save(ResNet(18, 8).state_dict(), tmp_path / "w.pth")
    with pytest.raises(SettingsError, match="--stride 3: this net has 2, 4, 8, 16, 32"):
        import_weights(tmp_path / "w.pth", make_settings(arch="resnet18", width=8, stride=3))
