"""Invariants of DiRA's objectives."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from medssl.nets import Architecture, DenseNet, Parts, build_net, normalise_input
from medssl.nets.discriminator import PatchDiscriminator
from medssl.objectives import (
    Adversarial,
    AdversarialSettings,
    BarlowTwins,
    BarlowTwinsSettings,
    Moco,
    MocoSettings,
    Outputs,
    Restoration,
    RestorationSettings,
    Simsiam,
    SimsiamSettings,
)
from medssl.objectives.learning import LearningObjective
from medssl.views import DistortedViews

ARCHITECTURE = Architecture.plain(widths=(4, 6), out_stride=2).model_copy(
    update={"embedding_of": "decoder", "embedding_channels": 6, "restoration": True}
)


def net_of(ndim: int = 2) -> DenseNet:
    torch.manual_seed(0)
    return build_net(ARCHITECTURE.model_copy(update={"ndim": ndim}))


def seen(net: DenseNet, count: int = 4) -> tuple[DistortedViews, Outputs]:
    """Random views and what the net makes of them."""
    torch.manual_seed(1)
    ndim = net.architecture.ndim
    images, targets = torch.rand(2, 2 * count, 1, *[16] * ndim)
    none = torch.zeros(count, 0, ndim)
    views = DistortedViews(
        images=images,
        targets=targets,
        points=(none, none),
        places=none,
        valid=none[..., 0] > 0,
        case=torch.arange(count),
    )
    made = net.outputs(normalise_input(images), Parts(deepest=True, restored=True))
    return views, Outputs(made.embedding, None, None, made.deepest, made.restored)


def moco(net: DenseNet, **values: object) -> Moco:
    objective = Moco(MocoSettings(queue=6, hidden=8, channels=8, **values))
    objective.attach(net)
    return objective


def test_moco_is_the_logarithm_of_all_keys_where_they_tell_nothing() -> None:
    objective = moco(net_of())
    same = F.normalize(torch.ones(3, 8), dim=1)
    assert float(objective.loss(same, same, same[:1].expand(6, 8))) == pytest.approx(math.log(7))


def test_moco_is_its_formula() -> None:
    objective = moco(net_of(), temperature=0.3)
    q, k = (F.normalize(torch.randn(3, 8), dim=1) for _ in range(2))
    own = torch.exp((q * k).sum(1) / 0.3)
    others = torch.exp(q @ objective.queue.T / 0.3).sum(1)
    expected = -torch.log(own / (own + others)).mean()
    torch.testing.assert_close(objective.loss(q, k, objective.queue), expected)


def test_no_gradient_reaches_the_key_encoder_or_the_second_view() -> None:
    net = net_of()
    objective = moco(net)
    views, outputs = seen(net)
    deepest = outputs.deepest.detach().requires_grad_()
    objective(views, outputs._replace(deepest=deepest), 2).loss.backward()
    assert deepest.grad[:4].abs().max() > 0
    assert deepest.grad[4:].abs().max() == 0
    kept = [*objective.key_encoder.parameters(), *objective.key_head.parameters()]
    assert all(parameter.grad is None for parameter in kept)
    assert all(not parameter.requires_grad for parameter in kept)


def test_keys_follow_and_enter_the_queue() -> None:
    net = net_of()
    objective = moco(net, momentum=0.9)
    objective.steps += 1000
    views, outputs = seen(net)
    objective(views, outputs, 2)
    keys = objective._keys
    before = [p.clone() for p in objective.key_head.parameters()]
    with torch.no_grad():
        for parameter in objective.head.parameters():
            parameter += 1
    objective.after_step(views, outputs)
    for old, own in zip(before, objective.key_head.parameters(), strict=True):
        torch.testing.assert_close(own, old + 0.1)
    torch.testing.assert_close(objective.queue[:4], keys)
    assert int(objective.position) == 4
    objective(views, outputs, 2)
    objective.after_step(views, outputs)
    assert int(objective.position) == 2


def test_in_evaluation_no_key_is_kept() -> None:
    net = net_of()
    objective = moco(net).eval()
    objective(*seen(net), 2)
    assert objective._keys is None


def test_barlow_twins_is_zero_for_white_equal_views_and_its_formula_else() -> None:
    objective = BarlowTwins(BarlowTwinsSettings(redundancy=0.5))
    white = torch.linalg.qr(torch.randn(32, 6) - torch.randn(32, 6).mean(0)).Q
    white = torch.linalg.qr(white - white.mean(0)).Q
    white = white - white.mean(0)
    assert float(objective.loss(white, white)) == pytest.approx(0, abs=1e-4)
    a, b = torch.randn(2, 32, 6)
    z1, z2 = ((z - z.mean(0)) / z.std(0, correction=0) for z in (a, b))
    c = z1.T @ z2 / 32
    off = c - torch.diag(c.diagonal())
    expected = (1 - c.diagonal()).square().sum() + 0.5 * off.square().sum()
    torch.testing.assert_close(objective.loss(a, b), expected)


def test_simsiam_stops_the_gradient_of_what_is_predicted() -> None:
    objective = Simsiam(SimsiamSettings())
    p1, p2, z1, z2 = torch.randn(4, 5, 8).unbind(0)
    z1.requires_grad_()
    z2.requires_grad_()
    p1.requires_grad_()
    loss = objective.loss((p1, p2), (z1, z2))
    expected = -(F.cosine_similarity(p1, z2).mean() + F.cosine_similarity(p2, z1).mean()) / 2
    torch.testing.assert_close(loss, expected)
    loss.backward()
    assert z1.grad is None
    assert z2.grad is None
    assert p1.grad.abs().max() > 0


def test_the_predictor_learns_steadily() -> None:
    objective = Simsiam(SimsiamSettings(channels=8, bottleneck=4))
    objective.attach(net_of())
    steady = {id(parameter) for parameter in objective.steady_parameters()}
    assert steady == {id(parameter) for parameter in objective.predictor.parameters()}


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_nets_step_leaves_the_discriminator_and_the_other_way_round(ndim: int) -> None:
    net = net_of(ndim)
    objective = Adversarial(AdversarialSettings(widths=(4, 4, 4, 4)))
    objective.attach(net)
    views, outputs = seen(net, 2)
    objective(views, outputs, 2).loss.backward()
    assert all(p.grad is None for p in objective.discriminator.parameters())
    assert net.restorer.last.weight.grad.abs().max() > 0
    gradients = {name: p.grad.clone() for name, p in net.named_parameters() if p.grad is not None}
    weights = objective.discriminator[0].weight.clone()
    objective.after_step(views, outputs)
    assert not torch.equal(weights, objective.discriminator[0].weight)
    assert all(torch.equal(net.get_parameter(name).grad, g) for name, g in gradients.items())
    assert not any(p.requires_grad for p in objective.discriminator.parameters())


def test_the_discriminator_learns_to_tell() -> None:
    net = net_of()
    objective = Adversarial(AdversarialSettings(widths=(4, 4, 4, 4), lr=1e-2))
    objective.attach(net)
    views, outputs = seen(net)
    losses = [float(objective.after_step(views, outputs)["discriminator"]) for _ in range(30)]
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize(("ndim", "size"), [(2, (32, 40)), (3, (16, 16, 24))])
def test_the_discriminator_judges_patches_of_eight(ndim: int, size: tuple[int, ...]) -> None:
    judge = PatchDiscriminator(ndim, 1, (4, 4, 4, 4))
    judged = judge(torch.rand(2, 1, *size))
    assert judged.shape == (2, 1, *[side // 8 for side in size])
    assert judge[0].weight.detach().std() == pytest.approx(0.02, rel=0.5)


def test_restoration_is_the_mean_squared_error_of_the_clean_crop() -> None:
    net = net_of()
    views, outputs = seen(net)
    result = Restoration(RestorationSettings())(views, outputs, 2)
    torch.testing.assert_close(result.loss, (outputs.restored - views.targets).square().mean())


@pytest.mark.parametrize("kind", ["moco", "barlow", "simsiam"])
def test_spread_tells_whether_images_are_told_apart(kind: str) -> None:
    net = net_of()
    objective: LearningObjective = {
        "moco": Moco(MocoSettings(queue=4, hidden=8, channels=8)),
        "barlow": BarlowTwins(BarlowTwinsSettings(channels=8)),
        "simsiam": Simsiam(SimsiamSettings(channels=8, bottleneck=4)),
    }[kind]
    objective.attach(net)
    views, outputs = seen(net, 8)
    apart = objective(views, outputs._replace(deepest=torch.randn(16, 6, 8, 8) * 9), 2)
    alike = objective.eval()(views, outputs._replace(deepest=torch.ones(16, 6, 8, 8)), 2)
    assert float(alike.metrics["image_spread"]) < 1e-3
    assert float(apart.metrics["image_spread"]) > 0.3
