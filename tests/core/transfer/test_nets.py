"""Nets that are partly transferred: what is taken over, frozen, and where outputs lie."""

from __future__ import annotations

import pytest
import torch

from medssl.nets import Architecture, build_net
from medssl.transfer.nets import Classifier, Segmenter

ARCHITECTURES = {
    "plain": Architecture.plain(widths=(4, 8, 8), out_stride=2, embedding_channels=6),
    "vgg": Architecture.vgg("tiny"),
    "resnet": Architecture.resnet(18, width=8),
    "3-D": Architecture.plain(ndim=3, widths=(4, 8), out_stride=2, embedding_channels=6),
    "encoder": Architecture.plain(widths=(4, 8, 8), out_stride=2, embedding_channels=8).model_copy(
        update={"embedding_of": "encoder"}
    ),
}


def restoring(architecture: Architecture) -> Architecture:
    changed = architecture.model_copy(update={"restoration": True, "embedding_of": "decoder"})
    return changed.model_copy(update={"embedding_channels": changed.feature_channels})


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_sizes_and_encoder(name: str) -> None:
    architecture = ARCHITECTURES[name]
    pretrained = build_net(architecture)
    images = torch.rand(2, 1, *(40, 33, 21)[: architecture.ndim])
    classifier, segmenter = Classifier(architecture, 3), Segmenter(architecture, 2)
    classifier.begin_with_encoder(pretrained)
    segmenter.begin_with_decoder(pretrained)
    assert classifier.eval()(images).shape == (2, 3)
    assert segmenter.eval()(images).shape == (2, 2, *images.shape[2:])
    encoder = pretrained.encoder.state_dict()
    for net in (classifier, segmenter):
        assert all(torch.equal(net.net.encoder.state_dict()[k], v) for k, v in encoder.items())
    assert len(classifier.transferred) == len(encoder)


def test_a_restoring_net_gives_its_whole_decoder() -> None:
    architecture = restoring(ARCHITECTURES["plain"])
    pretrained = build_net(architecture)
    segmenter = Segmenter(architecture, 2)
    segmenter.begin_with_decoder(pretrained)
    new = {name for name, _ in segmenter.net.named_parameters()} - segmenter.transferred
    assert new == set()
    images = torch.rand(1, 1, 16, 16)
    with torch.no_grad():
        one = segmenter.eval().net.finest_features(images)
        other = pretrained.eval().finest_features(images)
    assert torch.equal(one, other)


@pytest.mark.parametrize("name", [n for n in ARCHITECTURES if n != "encoder"])
def test_a_coarse_segmenter_is_a_model_and_a_head(name: str) -> None:
    architecture = ARCHITECTURES[name]
    segmenter = Segmenter(architecture, 2, coarse=True)
    segmenter.begin_with_decoder(build_net(architecture))
    new = {name.partition(".")[0] for name, _ in segmenter.net.named_parameters()}
    assert all(part in {"encoder", "decoder", "head"} for part in new)
    assert len(segmenter.groups()[1]) == len(list(segmenter.head.parameters()))


def test_a_coarse_segmenter_blends_its_cells() -> None:
    segmenter = Segmenter(ARCHITECTURES["plain"], 2, coarse=True).eval()
    images = torch.rand(1, 1, 33, 21)
    with torch.no_grad():
        fine = segmenter(images)
        cells = segmenter.head(segmenter.net.features(2 * images - 1))
    assert fine.shape == (1, 2, 33, 21)
    stride = ARCHITECTURES["plain"].out_stride
    middle = slice(stride // 2 - 1, stride // 2 + 1)  # the voxels around a cell's centre
    inside = fine[0, :, middle, middle].mean((1, 2))
    near = fine[0, :, :stride, :stride]
    assert torch.allclose(fine[0, :, 0, 0], cells[0, :, 0, 0], atol=1e-5)  # nothing beyond
    assert ((inside >= near.amin((1, 2))) & (inside <= near.amax((1, 2)))).all()


def test_what_a_model_lacks_is_new() -> None:
    segmenter = Segmenter(ARCHITECTURES["plain"], 2)
    segmenter.begin_with_decoder(build_net(ARCHITECTURES["plain"]))
    known, new = segmenter.groups()
    assert known
    assert len(new) > 2  # the head, and the levels finer than the embedding
    everything = {id(p) for p in segmenter.parameters()}
    assert {id(p) for p in (*known, *new)} == everything


def test_frozen_weights_and_statistics_stay() -> None:
    architecture = ARCHITECTURES["plain"]
    net = Classifier(architecture, 2)
    net.begin_with_encoder(build_net(architecture))
    net.train()
    net.freeze(True)
    before = {name: value.clone() for name, value in net.net.state_dict().items()}
    loss = net(torch.rand(4, 1, 16, 16)).square().sum()
    loss.backward()
    assert all(torch.equal(before[k], v) for k, v in net.net.state_dict().items())
    assert all(p.grad is None for p in net.net.encoder.parameters())
    assert net.head.weight.grad is not None
    net.freeze(False)
    net(torch.rand(4, 1, 16, 16)).square().sum().backward()
    assert any(not torch.equal(before[k], v) for k, v in net.net.state_dict().items())
    assert all(p.grad is not None for p in net.net.encoder.parameters())
