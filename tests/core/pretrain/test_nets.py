"""Any recipe on a net that was asked for."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from medssl.errors import SettingsError
from medssl.models import load_model
from medssl.nets import Architecture
from medssl.pretrain import make_settings, pretrain
from medssl.pretrain.plan import choose_view
from medssl.runs import RunFolder

from .cohorts import make_cohort, tiny_recipe

RECIPES = ("ld", "dira-moco", "dira-barlow", "dira-simsiam", "ld+dira")
PRESETS = ("quick", "standard", "paper")


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_takes_every_net(recipe: str) -> None:
    """Views stay multiples of the deepest stride, and outputs what the objectives need."""
    for preset, ndim, net in itertools.product(
        PRESETS, (2, 3), ("plain", "vgg", "resnet18", "resnet50")
    ):
        if ndim == 3 and net.startswith("resnet"):
            continue
        asked = {"recipe": recipe, "preset": preset, "ndim": ndim}
        plain = make_settings(**asked).resolve()
        made = make_settings(**asked, net=net, width=8).resolve()
        found = made.architecture
        assert found.widths[0] == 8
        assert found.kind == net.removesuffix("18").removesuffix("50")
        assert found.bottleneck == (net == "resnet50")
        assert found.embedding_of == plain.architecture.embedding_of
        assert found.restoration == plain.architecture.restoration
        least = 4 if found.kind == "resnet" else 1
        assert found.out_stride == max(least, plain.architecture.out_stride)
        assert made.stages == plain.stages


def test_nothing_asked_leaves_the_preset() -> None:
    dense = make_settings(recipe="ld").resolve()
    assert dense.architecture == Architecture.plain(2, out_stride=4)
    assert dense.name == "ld-dense-quick"
    wide = make_settings(recipe="dira-moco", preset="standard", width=16).resolve()
    assert wide.architecture.widths == Architecture.resnet(18, width=16).widths
    assert wide.name != make_settings(recipe="dira-moco", preset="standard").resolve().name


def test_pictures_are_worked_at_a_size_of_their_own() -> None:
    plain = make_settings(recipe="ld").resolve()
    large = make_settings(recipe="ld", longest_side=512).resolve()
    assert large.prepare.longest_side == 512
    assert large == plain.model_copy(update={"prepare": large.prepare})
    with pytest.raises(SettingsError, match="longest_side is for pictures"):
        make_settings(recipe="ld", ndim=3, longest_side=512)


def test_the_grid_divides_the_views_of_a_resnet() -> None:
    recipe = make_settings(form="grid", net="resnet18", width=8).resolve()
    (view, _) = choose_view((256, 256), recipe)
    net, pooling = recipe.architecture, recipe.stages[0].pooling
    assert view % net.deepest_stride == 0
    assert (view // net.out_stride) % pooling.grid == 0


@pytest.mark.parametrize(
    ("asked", "embedding_of"),
    [
        ({"recipe": "ld", "clusters": 3}, "head"),
        ({"recipe": "ld", "form": "grid"}, "head"),
        ({"recipe": "ld+dira", "schedule": "joint"}, "head"),
        ({"recipe": "dira-barlow", "schedule": "joint"}, "decoder"),
        ({"recipe": "dira-moco", "parts": "di"}, "encoder"),
        ({"recipe": "dira-moco", "parts": "res"}, "decoder"),
    ],
)
def test_a_resnet_is_trained_to_a_model(
    tmp_path: Path, asked: dict[str, Any], embedding_of: str
) -> None:
    settings = make_settings(
        **asked, net="resnet18", width=4, steps=3, batch=2, device="cpu", compile="off"
    )
    model = load_model(pretrain(make_cohort(4), settings, tmp_path).model_folder)
    assert model.card.architecture.kind == "resnet"
    assert model.card.architecture.embedding_of == embedding_of
    assert model.card.embedding.stride == 4
    assert (model.card.clusters is not None) == ("clusters" in asked)
    losses = [e["loss"] for e in RunFolder(tmp_path).events() if e["kind"] == "metric"]
    assert all(loss is not None for loss in losses)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(SettingsError, match="resnet18 is for pictures"):
        make_settings(net="resnet18", ndim=3)
    with pytest.raises(SettingsError, match="width"):
        make_settings(width=2)
    for asked in ({"net": "vgg"}, {"width": 8}):
        with pytest.raises(SettingsError, match="recipe of your own"):
            make_settings(custom=tiny_recipe(), **asked)
