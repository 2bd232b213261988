"""What must hold of heads and maps whatever the features are."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from medssl.errors import SettingsError
from medssl.lesions.maps import METHODS, activation_maps, grad_cam, hires_cam, voxel_maps
from medssl.lesions.net import LesionNet, SliceNet, trimmed_architecture
from medssl.lesions.pooling import PlaceHead
from medssl.lesions.settings import HeadSettings
from medssl.lesions.turns import choose_turns, shown, undone
from medssl.nets import Architecture, build_net

NET = Architecture.plain(widths=(4, 8, 8), out_stride=2, embedding_channels=8)


def up_to_scale(first: torch.Tensor, second: torch.Tensor) -> bool:
    factor = (first * second).sum() / (second * second).sum()
    return factor > 0 and torch.allclose(first, factor * second, rtol=1e-3, atol=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([2, 3]))
def test_on_a_pooled_linear_head_three_maps_are_one(seed: int, ndim: int) -> None:
    torch.manual_seed(seed)
    features = torch.rand(1, 6, *[5] * ndim)
    inside = torch.ones(1, 1, *[5] * ndim)
    head = PlaceHead(ndim, 6, 2, "average", 1.0)
    cam = activation_maps("cam", head, features, inside)
    leaf = features.clone().requires_grad_()
    for number in range(2):
        (gradient,) = torch.autograd.grad(head(leaf, inside)[0, number], leaf)
        assert up_to_scale(cam[0, number], grad_cam(features, gradient)[0])
        assert up_to_scale(cam[0, number], hires_cam(features, gradient)[0])
    told = activation_maps("grad-cam", head, features, inside)
    assert up_to_scale(cam[0, 0].relu(), told[0, 0]) or (cam[0, 0] <= 0).all()
    assert up_to_scale(cam[0], activation_maps("hirescam", head, features, inside)[0])


def test_a_smooth_maximum_makes_grad_cam_and_hirescam_differ() -> None:
    torch.manual_seed(0)
    features, inside = torch.rand(1, 6, 5, 5), torch.ones(1, 1, 5, 5)
    head = PlaceHead(2, 6, 1, "log-sum-exp", 8.0)
    cam = activation_maps("cam", head, features, inside)
    assert not up_to_scale(cam, activation_maps("hirescam", head, features, inside))


@pytest.mark.parametrize("pooling", ["average", "log-sum-exp", "attention"])
def test_what_lies_beyond_the_image_changes_no_answer(pooling: str) -> None:
    torch.manual_seed(1)
    head = PlaceHead(2, 3, 2, pooling, 4.0)
    features = torch.randn(2, 3, 4, 6)
    inside = torch.ones(2, 1, 4, 6)
    inside[..., 4:] = 0
    other = features.clone()
    other[..., 4:] = 1e3
    assert torch.allclose(head(features, inside), head(other, inside), atol=1e-5)
    assert torch.allclose(
        head(features, inside), head(features[..., :4], inside[..., :4]), atol=1e-5
    )
    weights = head.weights(features, inside)
    assert torch.allclose(weights.flatten(2).sum(2), torch.ones(()), atol=1e-5)
    assert weights[..., 4:].abs().max() < 1e-6


def test_pooling_lies_between_mean_and_maximum() -> None:
    torch.manual_seed(2)
    features, inside = torch.randn(1, 3, 4, 4), torch.ones(1, 1, 4, 4)
    values = []
    for sharpness in (1e-3, 1.0, 10.0, 1e3):
        head = PlaceHead(2, 3, 1, "log-sum-exp", sharpness)
        torch.nn.init.ones_(head.classifier.weight)
        values.append(head(features, inside).item())
    maps = features.sum(1)
    assert values == sorted(values)
    assert values[0] == pytest.approx(maps.mean().item(), abs=1e-2)
    assert values[-1] == pytest.approx(maps.max().item(), abs=1e-2)


@pytest.mark.parametrize("method", METHODS)
def test_each_map_has_a_value_a_voxel(method: str) -> None:
    torch.manual_seed(3)
    for net, shape in (
        (LesionNet(NET, 2, HeadSettings(stride=2)), (2, 1, 8, 11)),
        (SliceNet(NET, 2, HeadSettings(stride=2)), (2, 1, 3, 8, 11)),
    ):
        images = torch.rand(shape)
        net.eval()
        inside = net.places_inside(torch.ones_like(images))
        maps, logits = voxel_maps(method, net, images, inside)
        assert maps.shape == (2, 2, *shape[2:])
        assert maps.isfinite().all()
        with torch.no_grad():
            expected = net.head(net.features(images), inside)
        assert torch.allclose(logits, expected, atol=0.05)
        if method != "cam":
            assert maps.max() <= 1 + 1e-5
        if method not in ("cam", "hirescam"):
            assert maps.min() >= 0


def test_layercam_shows_a_place_that_the_deepest_map_sees_from_afar() -> None:
    """A head that reads a place two cells away: cam points there, layercam at the thing."""
    torch.manual_seed(6)
    net = LesionNet(Architecture.plain(widths=(4, 8), out_stride=2), 1, HeadSettings(stride=2))
    net.eval()
    for level in net.net.encoder:
        for layer in level:
            weight = layer[0].weight
            torch.nn.init.zeros_(weight)
            weight.data[:, :, 1, 1] = 1 / weight.shape[1]
    last = net.net.encoder[1][1][0].weight
    last.data[:, :, 1, 1], last.data[:, :, 2, 1] = 0, 1 / last.shape[1]
    torch.nn.init.ones_(net.head.classifier.weight)
    images = torch.full((1, 1, 24, 24), 0.5)
    images[..., 12:14, 12:14] = 1.0
    inside = net.places_inside(torch.ones_like(images))
    places = {}
    for method in ("cam", "layercam"):
        values = voxel_maps(method, net, images, inside)[0][0, 0]
        highest = (values >= values.max() - 1e-4).nonzero().float().mean(0)
        places[method] = highest.tolist()
    assert places["cam"] == pytest.approx([10.5, 12.5], abs=0.6)
    assert places["layercam"] == pytest.approx([12.5, 12.5], abs=0.6)


def test_a_slice_alone_answers_as_a_picture() -> None:
    torch.manual_seed(4)
    net = SliceNet(NET, 2, HeadSettings(stride=2)).eval()
    volume = torch.rand(1, 1, 3, 8, 8)
    inside = torch.ones_like(volume)
    logits, weights = net.head.slices(net.features(volume), net.places_inside(inside))
    assert weights.sum().item() == pytest.approx(1)
    alone = net(volume[:, :, 1:2], inside[:, :, 1:2])
    assert torch.allclose(alone[0], logits[0, :, 1], atol=1e-5)
    assert torch.allclose(net(volume, inside)[0], (logits * weights).sum(2)[0], atol=1e-5)


@pytest.mark.parametrize("features", ["encoder", "decoder"])
@pytest.mark.parametrize("net", [NET, Architecture.resnet(18, width=8)])
def test_what_a_model_has_is_taken_over(net: Architecture, features: str) -> None:
    head = HeadSettings(features=features, stride=4 if net.kind == "resnet" else 2)
    pretrained = build_net(net)
    lesion = LesionNet(net, 1, head)
    lesion.begin_with_model(pretrained)
    assert lesion.transferred == frozenset(
        name for name in lesion.net.state_dict() if name.startswith(("encoder", "decoder"))
    )
    images = torch.rand(1, 1, 32, 32) * 2 - 1
    found = lesion.eval().net.features(images)
    if features == "encoder":
        assert torch.allclose(found, pretrained.eval().pyramid(images)[1], atol=1e-5)
    assert found.shape[2:] == (32 // head.stride,) * 2


def test_a_stride_that_a_net_has_not_is_refused() -> None:
    with pytest.raises(SettingsError, match="no map of 16 voxels a place; it has 2, 4"):
        trimmed_architecture(NET, HeadSettings(stride=16))


@pytest.mark.parametrize("strides", [(4, 4), (1, 4, 4), (4, 4, 4)])
def test_turned_images_come_back_as_they_were(strides: tuple[int, ...]) -> None:
    torch.manual_seed(5)
    image = torch.rand(2, *(7,) * len(strides))
    turns = choose_turns(strides, mirror=True)
    assert len(turns) == (2 if strides == (4, 4, 4) else 8)
    back = undone(shown(image, turns), turns, image.shape[1:])
    assert all(torch.equal(one, image) for one in back)
