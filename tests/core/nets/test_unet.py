"""Nets: shapes, unit length, any size, cells where the convention says."""

from __future__ import annotations

import pytest
import torch

from medssl.nets import Architecture, Parts, build_net
from medssl.nets.padding import mirrored_index, pad_to_multiple

TINY = {"widths": (4, 6, 8), "embedding_channels": 5}


@pytest.mark.parametrize("size", [(16, 16), (13, 7), (1, 1), (1, 30)])
@pytest.mark.parametrize("stride", [1, 2, 4])
def test_any_size_gives_one_unit_vector_a_cell(size: tuple[int, int], stride: int) -> None:
    net = build_net(Architecture.plain(out_stride=stride, **TINY)).eval()
    cells = net(torch.rand(2, 1, *size))
    assert cells.shape == (2, 5, *(-(-side // stride) for side in size))
    assert cells.dtype == torch.float32
    torch.testing.assert_close(cells.norm(dim=1), torch.ones_like(cells[:, 0]))


def test_volume() -> None:
    net = build_net(Architecture.plain(ndim=3, out_stride=2, **TINY)).eval()
    volume = torch.rand(1, 1, 5, 6, 7)
    assert net(volume).shape == (1, 5, 3, 3, 4)
    assert [tuple(level.shape) for level in net.pyramid(volume)] == [
        (1, 4, 5, 6, 7),
        (1, 6, 3, 3, 4),
        (1, 8, 2, 2, 2),
    ]


def test_the_papers_net_has_its_widths() -> None:
    net = build_net(Architecture.vgg("tiny"))
    convolutions = [
        (m.in_channels, m.out_channels)
        for m in net.decoder.modules()
        if isinstance(m, torch.nn.Conv2d)
    ]
    assert convolutions == [(256, 128), (128, 64), (128, 64), (64, 32), (64, 32), (32, 16)]
    assert net.feature_channels == 32
    encoder = [m for m in net.encoder.modules() if isinstance(m, torch.nn.Conv2d)]
    assert len(encoder) == 13
    assert net(torch.rand(1, 1, 32, 48)).shape == (1, 32, 32, 48)


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_cells_lie_symmetrically(stride: int) -> None:
    """A mirrored image gives the mirrored map when all kernels are mirror-symmetric."""
    torch.manual_seed(0)
    net = build_net(Architecture.plain(out_stride=stride, **TINY)).eval()
    for module in net.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.weight.data = (module.weight + module.weight.flip(-1)) / 2
    image = torch.rand(1, 1, 16, 16)
    torch.testing.assert_close(net(image.flip(-1)), net(image).flip(-1), atol=1e-5, rtol=1e-4)


def test_padding_mirrors_at_the_end_only() -> None:
    row = torch.arange(3.0).reshape(1, 1, 1, 3)
    assert pad_to_multiple(row, 8)[0, 0, 0].tolist() == [0, 1, 2, 1, 0, 1, 2, 1]
    assert pad_to_multiple(torch.arange(6.0).reshape(1, 1, 1, 6), 4)[0, 0, 0].tolist() == [
        0, 1, 2, 3, 4, 5, 4, 3,
    ]  # fmt: skip
    assert mirrored_index(1, 3).tolist() == [0, 0, 0]


def test_impossible_architectures_are_refused() -> None:
    with pytest.raises(ValueError, match="out_stride"):
        Architecture.plain(out_stride=3)
    with pytest.raises(ValueError, match="one value a level"):
        Architecture(kind="plain", widths=(4, 4), convolutions=(1,))


@pytest.mark.parametrize("ndim", [2, 3])
def test_shares_of_clusters(ndim: int) -> None:
    """A sigmoid, then unit length in the L1 norm."""
    architecture = Architecture.plain(ndim=ndim, out_stride=2, clusters=4, **TINY)
    net = build_net(architecture).eval()
    images = torch.rand(2, 1, *[9] * ndim)
    embedding, shares, _, _ = net.outputs(images, Parts(assignment=True))
    assert shares.shape == (2, 4, *[5] * ndim)
    torch.testing.assert_close(embedding, net(images))
    assert net.cluster_head is not None
    scores = net.cluster_head[1](net.cluster_head[0](net.features(images))).sigmoid()
    torch.testing.assert_close(shares, scores / scores.sum(1, keepdim=True))


def test_shares_far_from_zero_still_sum_to_one() -> None:
    net = build_net(Architecture.plain(out_stride=2, clusters=3, **TINY)).eval()
    assert net.cluster_head is not None
    with torch.no_grad():
        net.cluster_head[1].bias.fill_(-300.0)
    shares = net.outputs(torch.rand(1, 1, 8, 8), Parts(assignment=True)).assignment
    torch.testing.assert_close(shares.sum(1), torch.ones(1, 4, 4))


def test_clusters_change_no_other_weight() -> None:
    nets = []
    for clusters in (0, 5):
        torch.manual_seed(0)
        nets.append(build_net(Architecture.plain(clusters=clusters, **TINY)).state_dict())
    assert all(torch.equal(nets[0][name], nets[1][name]) for name in nets[0])


def test_a_net_without_clusters_says_so() -> None:
    with pytest.raises(ValueError, match="no clusters"):
        build_net(Architecture.plain(**TINY)).outputs(
            torch.rand(1, 1, 8, 8), Parts(assignment=True)
        )
    with pytest.raises(ValueError, match="at least 2"):
        Architecture.plain(clusters=1)
