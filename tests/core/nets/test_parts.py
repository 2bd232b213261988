"""Outputs of a net that are wanted, and those that are not."""

from __future__ import annotations

import pytest
import torch

from medssl.embed.levelwise import LevelwiseNet
from medssl.nets import Architecture, Parts, build_net, normalise_input

PLAIN = Architecture.plain(widths=(4, 6, 8), out_stride=2, embedding_channels=6)


def with_(**values: object) -> Architecture:
    return Architecture.model_validate(PLAIN.model_dump() | values)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("stride", [1, 2, 4])
def test_restored_images_are_of_the_images_size(ndim: int, stride: int) -> None:
    net = build_net(with_(ndim=ndim, out_stride=stride, restoration=True))
    images = torch.rand(2, 1, *[11] * ndim)
    made = net.outputs(images, Parts(restored=True, deepest=True))
    assert made.restored.shape == images.shape
    assert made.restored.min() >= 0
    assert made.restored.max() <= 1
    assert made.deepest.shape == (2, 8, *[3] * ndim)
    assert made.assignment is None


@pytest.mark.parametrize("depth", [18, 50])
def test_resnets_are_u_nets_like_the_others(depth: int) -> None:
    base = Architecture.resnet(depth, width=8, out_stride=4, embedding_channels=6)
    wanted = {"embedding_of": "decoder", "embedding_channels": base.decoder_width(1)}
    net = build_net(Architecture.model_validate(base.model_dump() | wanted | {"restoration": True}))
    assert len(net.encoder) == 5
    net(torch.rand(2, 1, 64, 64))
    net.eval()
    image = torch.rand(1, 1, 70, 45).half()
    made = net.outputs(normalise_input(image.float()), Parts(deepest=True, restored=True))
    assert made.restored.shape == (1, 1, 70, 45)
    assert made.embedding.shape == (1, 8, 18, 12)
    assert made.deepest.shape == (1, base.widths[-1], 3, 2)
    assert [tuple(level.shape[2:]) for level in net.pyramid(image.float())] == [
        (35, 23),
        (18, 12),
        (9, 6),
        (5, 3),
        (3, 2),
    ]
    run = LevelwiseNet(net, torch.device("cpu"), torch.float32, 1 << 30)
    torch.testing.assert_close(run(image).float(), made.embedding[0], atol=3e-3, rtol=0)


def test_the_papers_net_has_37_million_weights() -> None:
    base = Architecture.resnet(50)
    values = {"embedding_of": "decoder", "embedding_channels": 64, "restoration": True}
    with torch.device("meta"):
        net = build_net(Architecture.model_validate(base.model_dump() | values))
    assert base.widths == (64, 256, 512, 1024, 2048)
    assert sum(p.numel() for p in net.parameters()) / 1e6 == pytest.approx(33, abs=5)


def test_outputs_are_what_they_are_alone() -> None:
    net = build_net(with_(restoration=True)).eval()
    images = torch.rand(1, 1, 16, 16)
    torch.testing.assert_close(net.outputs(images, Parts()).embedding, net(images))
    assert net.outputs(images, Parts(embedding=False)) == (None, None, None, None)


def test_what_a_net_does_not_have_is_refused() -> None:
    net = build_net(PLAIN)
    with pytest.raises(ValueError, match="does not restore"):
        net.outputs(torch.rand(1, 1, 8, 8), Parts(restored=True))
    with pytest.raises(ValueError, match="embedding_channels"):
        with_(embedding_of="decoder", embedding_channels=5)
    with pytest.raises(ValueError, match="need a decoder"):
        with_(embedding_of="encoder", restoration=True)


@pytest.mark.parametrize("of", ["decoder", "encoder"])
def test_an_embedding_without_a_head_is_standardised_and_learns_nothing(of: str) -> None:
    net = build_net(with_(embedding_of=of))
    for _ in range(60):
        net(torch.rand(4, 1, 16, 16))
    net.eval()
    images = torch.rand(4, 1, 16, 16)
    cells = net.head(net.features(images))
    assert cells.mean((0, 2, 3)).abs().max() < 0.3
    embedding = net.outputs(images, Parts()).embedding
    assert not embedding.requires_grad
    torch.testing.assert_close(embedding.norm(dim=1), torch.ones_like(embedding[:, 0]))


@pytest.mark.parametrize("of", ["decoder", "encoder"])
@pytest.mark.parametrize("tiled", [False, True])
def test_it_is_embedded_levelwise_as_by_the_net(of: str, tiled: bool) -> None:
    torch.manual_seed(0)
    net = build_net(with_(embedding_of=of, restoration=of == "decoder"))
    for _ in range(5):
        net(normalise_input(torch.rand(2, 1, 32, 32)))
    net.eval()
    image = torch.rand(1, 1, 40, 28).half()
    budget, tile = (1, 1 << 12) if tiled else (1 << 30, 1 << 30)
    run = LevelwiseNet(net, torch.device("cpu"), torch.float32, budget, tile)
    expected = net(normalise_input(image.float()))[0]
    torch.testing.assert_close(run(image).float(), expected, atol=3e-3, rtol=0)


def test_what_is_not_wanted_is_frozen() -> None:
    net = build_net(with_(restoration=True, clusters=3))
    net.freeze_but(Parts(embedding=False, deepest=True))
    learning = {name.split(".")[0] for name, p in net.named_parameters() if p.requires_grad}
    assert learning == {"encoder"}
    net.freeze_but(Parts(embedding=False, restored=True))
    learning = {name.split(".")[0] for name, p in net.named_parameters() if p.requires_grad}
    assert learning == {"encoder", "decoder", "restorer"}
