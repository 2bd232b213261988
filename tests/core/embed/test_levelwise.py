"""Tiled or whole, folded or not: the embeddings are those of the net."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from medssl.embed.levelwise import LevelwiseNet
from medssl.nets import Architecture, DenseNet, Parts, build_net, normalise_input

CPU = torch.device("cpu")
NETS = {
    "plain 2-D": (Architecture.plain(2, widths=(4, 8, 8, 8)), (70, 61)),
    "plain 3-D stride 4": (Architecture.plain(3, widths=(4, 6, 8, 8)), (40, 26, 33)),
    "plain 3-D stride 2": (Architecture.plain(3, out_stride=2, widths=(4, 6, 8)), (40, 26, 33)),
    "vgg 2-D full resolution": (Architecture.vgg("tiny", 2), (70, 61)),
}


@pytest.fixture(params=NETS, autouse=True)
def case(request: pytest.FixtureRequest) -> tuple[DenseNet, Tensor]:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    architecture, size = NETS[request.param]
    net = build_net(architecture).train()
    with torch.no_grad():
        for _ in range(3):
            net(torch.randn(2, 1, *[32] * architecture.ndim))
    return net.eval(), torch.rand(1, 1, *size, dtype=torch.float16)


@torch.inference_mode()
def test_tiled_equals_whole_equals_the_net(case: tuple[DenseNet, Tensor]) -> None:
    net, image = case
    expected = net(normalise_input(image.float()))[0]
    whole = LevelwiseNet(net, CPU, torch.float32, budget_bytes=1 << 40)
    tiled = LevelwiseNet(net, CPU, torch.float32, budget_bytes=150_000, tile_bytes=400_000)
    assert whole.split_level(image.shape[2:]) == 0
    assert tiled.split_level(image.shape[2:]) > 0
    for run in (whole, tiled):
        embedding = run(image)
        assert embedding.dtype == torch.float16
        assert embedding.shape == expected.shape
        torch.testing.assert_close(embedding.float(), expected, atol=5e-4, rtol=0)


@torch.inference_mode()
def test_bfloat16_agrees(case: tuple[DenseNet, Tensor]) -> None:
    net, image = case
    expected = net(normalise_input(image.float()))[0]
    embedding = LevelwiseNet(net, CPU, torch.bfloat16, budget_bytes=1 << 40)(image).float()
    assert (embedding * expected).sum(0).min() > 0.999
    assert (embedding - expected).abs().max() < 0.02


def test_the_given_net_and_image_are_left_alone(case: tuple[DenseNet, Tensor]) -> None:
    net, image = case
    before = {name: value.clone() for name, value in net.state_dict().items()}
    kept = image.clone()
    LevelwiseNet(net, CPU, torch.bfloat16, budget_bytes=100_000)(image)
    assert torch.equal(image, kept)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_tiled_assignments_equal_those_of_the_net() -> None:
    torch.manual_seed(0)
    net = build_net(Architecture.plain(2, widths=(4, 8, 8, 8), clusters=3)).eval()
    image = torch.rand(1, 1, 70, 61, dtype=torch.float16)
    outputs = net.outputs(normalise_input(image.float()), Parts(assignment=True))
    embedding, shares = outputs.embedding, outputs.assignment
    for budget in (1 << 40, 150_000):
        run = LevelwiseNet(net, CPU, torch.float32, budget_bytes=budget, tile_bytes=400_000)
        given = run.embed_and_assign(image)
        torch.testing.assert_close(given[0].float(), embedding[0], atol=5e-4, rtol=0)
        torch.testing.assert_close(given[1].float(), shares[0], atol=5e-4, rtol=0)
        assert torch.equal(run(image), given[0])
