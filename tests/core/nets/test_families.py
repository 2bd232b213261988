"""The same outputs from another family or another width."""

from __future__ import annotations

import pytest
import torch

from medssl.nets import Architecture, Parts, build_net, in_family

FAMILIES = ("plain", "vgg", "resnet18", "resnet50")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("embedding_of", ["head", "decoder", "encoder"])
def test_a_net_of_another_family_has_the_same_outputs(family: str, embedding_of: str) -> None:
    whole = embedding_of != "encoder"
    values = Architecture.plain(widths=(4, 8, 8), out_stride=4, clusters=3 if whole else 0)
    begun = values.model_dump() | {"restoration": whole, "embedding_of": embedding_of}
    begun["embedding_channels"] = 6 if embedding_of == "head" else 8
    net = in_family(Architecture.model_validate(begun), family, 4)
    assert (net.out_stride, net.embedding_of, net.clusters) == (4, embedding_of, 3 if whole else 0)
    assert net.widths[0] == 4
    images = torch.rand(2, 1, 64, 32)
    parts = Parts(embedding=True, assignment=whole, deepest=True, restored=whole)
    outputs = build_net(net).outputs(images, parts)
    assert outputs.embedding.shape == (2, net.embedding_channels, 16, 8)
    if whole:
        assert outputs.restored.shape == images.shape
        assert outputs.assignment.shape == (2, 3, 16, 8)
    if embedding_of == "head":
        assert net.embedding_channels == 6


def test_width_alone_keeps_the_family_and_its_ratios() -> None:
    deep = Architecture.plain(3, out_stride=2, widths=(8, 16, 32, 64))
    assert in_family(deep, None, 12).widths == (12, 24, 48, 96)
    assert in_family(deep, "plain", 12) == in_family(deep, None, 12)
    wide = in_family(Architecture.resnet(50, width=64), "resnet50", 16)
    assert wide == Architecture.resnet(50, width=16)
    assert in_family(deep, None, None) == deep


def test_a_resnet_embeds_at_stride_4_or_coarser() -> None:
    for stride, found in ((1, 4), (2, 4), (8, 8)):
        assert (
            in_family(Architecture.plain(out_stride=stride), "resnet18", None).out_stride == found
        )
    assert in_family(Architecture.vgg(), "plain", None).out_stride == 1


def test_there_is_no_resnet_for_volumes() -> None:
    with pytest.raises(ValueError, match="for pictures"):
        in_family(Architecture.plain(3), "resnet18", None)


@pytest.mark.parametrize("width", [4, 8])
def test_a_narrow_resnet_has_gradients(width: int) -> None:
    """Regression: the process ended in the gradient of a strided convolution of one voxel."""
    net = build_net(Architecture.resnet(18, width=width)).to(memory_format=torch.channels_last)
    images = torch.rand(8, 1, 256, 256).contiguous(memory_format=torch.channels_last)
    (net(images) * torch.rand(8, net.architecture.embedding_channels, 64, 64)).sum().backward()
    shortcut = net.encoder[2][0].shortcut[0]
    assert shortcut.weight.shape == (2 * width, width, 1, 1)
    assert shortcut.weight.grad.abs().sum() > 0
