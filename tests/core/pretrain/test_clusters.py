"""The second stage from end to end, tiny; what is told of its clusters, what the model keeps."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from medssl.embed import prototype_map
from medssl.embed.net import NetEmbedder
from medssl.errors import Cancelled, ModelError, SettingsError
from medssl.models import load_model, read_card
from medssl.nets import Architecture, blocks
from medssl.pretrain import Optimiser, PretrainSettings, Recipe, make_plan, make_settings, pretrain
from medssl.pretrain.cluster_watch import ClusterWatch
from medssl.pretrain.schedule import rate_factor
from medssl.views import DenseViewSettings

from .cohorts import make_cohort, tiny_settings


def clustered(form: str = "dense", ndim: int = 2, **values: object) -> PretrainSettings:
    """Half of the steps for stage 1, half for stage 2, with few points."""
    recipe = make_settings(form=form, ndim=ndim, clusters=3).resolve()
    stages = tuple(
        stage.model_copy(
            update={
                "views": DenseViewSettings(points=16) if form == "dense" else stage.views,
                "share": 0.25 if form == "dense" and stage.name != "regions" else 0.5,
            }
        )
        for stage in recipe.stages
    )
    stride = 1 if form == "grid" else 2
    architecture = Architecture.plain(
        ndim=ndim, widths=(4, 8), out_stride=stride, embedding_channels=8, clusters=3
    )
    changes = {"stages": stages, "architecture": architecture, "largest_crop": 16}
    return tiny_settings(form, ndim, recipe=changes, **values)


@pytest.mark.parametrize(("form", "ndim"), [("dense", 2), ("grid", 2), ("dense", 3), ("grid", 3)])
def test_every_form_gives_assignments_and_prototypes(tmp_path: Path, form: str, ndim: int) -> None:
    cohort = make_cohort(4, ndim, side=16)
    result = pretrain(cohort, clustered(form, ndim, steps=4), tmp_path)
    last = result.history[-1]
    assert last["stage"] == "regions"
    assert 1 <= last["effective_clusters"] <= 3
    assert 0 <= last["pixel_entropy"] <= math.log2(3) + 1e-3
    assert "region_discrimination" not in result.history[0]
    model = load_model(tmp_path)
    assert model.card.clusters is not None
    assert (model.card.clusters.count, model.card.clusters.n_images) == (3, 4)
    assert sum(model.card.clusters.shares) == pytest.approx(1, abs=1e-4)
    torch.testing.assert_close(model.net.prototypes.norm(dim=1), torch.ones(3))
    embedder = NetEmbedder.open(tmp_path, ndim, "cpu")
    embedding, shares = embedder.embed_and_assign(cohort.cases[0].array)
    assert shares.shape == (3, *embedding.shape[1:])
    np.testing.assert_allclose(shares.astype(np.float32).sum(0), 1, atol=5e-3)
    assert embedder.clusters == 3
    assert embedder.prototypes is not None
    assert prototype_map(embedding, embedder.prototypes).shape == shares.shape
    assert "Clusters: 3" in (result.model_folder / "card.md").read_text()
    links = [path.name for path in tmp_path.glob("correspondences-*")]
    assert links == (["correspondences-across.safetensors"] if form == "dense" else [])


def test_without_a_second_stage_there_are_no_clusters(tmp_path: Path) -> None:
    pretrain(make_cohort(4), tiny_settings(steps=1), tmp_path)
    embedder = NetEmbedder.open(tmp_path, 2, "cpu")
    assert (embedder.clusters, embedder.prototypes) == (0, None)
    with pytest.raises(ModelError, match="has no clusters"):
        embedder.embed_and_assign(make_cohort(1).cases[0].array)


def test_a_model_folder_from_before_there_were_clusters_loads(tmp_path: Path) -> None:
    result = pretrain(make_cohort(4), tiny_settings(steps=1), tmp_path)
    path = result.model_folder / "model.json"
    card = json.loads(path.read_text())
    del card["clusters"], card["architecture"]["clusters"]
    path.write_text(json.dumps(card))
    assert load_model(tmp_path).card.architecture.clusters == 0


def test_a_card_with_other_clusters_than_its_net_is_damaged(tmp_path: Path) -> None:
    result = pretrain(make_cohort(4), clustered(steps=4), tmp_path)
    path = result.model_folder / "model.json"
    card = json.loads(path.read_text())
    card["clusters"]["count"] = 4
    path.write_text(json.dumps(card))
    with pytest.raises(ModelError, match=r"clusters\.count is 4, but the net is built for 3"):
        read_card(result.model_folder)


def test_stage_one_is_what_it_is_without_stage_two(tmp_path: Path) -> None:
    """The second head begins after all other weights are drawn, and sleeps until its stage."""
    settings = clustered(steps=8, seed=3)
    assert settings.custom is not None
    without = settings.custom.model_copy(
        update={
            "stages": settings.custom.stages[:-1],
            "architecture": settings.custom.architecture.model_copy(update={"clusters": 0}),
        }
    )
    both = pretrain(make_cohort(4), settings, tmp_path / "both").history
    values = {"custom": without, "steps": 4}
    alone = pretrain(make_cohort(4), settings.model_copy(update=values), tmp_path / "one").history
    assert [event["loss"] for event in both[:4]] == [event["loss"] for event in alone]


def test_stopped_in_either_stage_or_at_the_prototypes_goes_on(tmp_path: Path) -> None:
    settings = clustered("grid", steps=6)
    whole = pretrain(make_cohort(4), settings, tmp_path / "whole")
    expected = load_model(whole.model_folder).net.state_dict()
    places = {
        "first": lambda done, _message: done == 2,
        "second": lambda done, _message: done == 5,
        "prototypes": lambda _done, message: "cluster prototypes 2/4" in message,
    }
    for name, reached in places.items():

        def stop(
            done: int, _total: int, message: str, reached: Callable[..., bool] = reached
        ) -> None:
            if reached(done, message):
                raise Cancelled

        with pytest.raises(Cancelled):
            pretrain(make_cohort(4), settings, tmp_path / name, stop)
        result = pretrain(make_cohort(4), settings, tmp_path / name)
        found = load_model(result.model_folder).net.state_dict()
        assert all(torch.equal(found[key], expected[key]) for key in expected)


def test_the_best_model_is_one_of_the_last_stage(tmp_path: Path) -> None:
    """Losses of different stages cannot be compared: that of stage 1 is always lower."""
    settings = clustered("grid", steps=8)
    assert settings.custom is not None
    held_out = settings.custom.model_copy(update={"held_out": 0.2, "validate_every": 2})
    pretrain(make_cohort(10), settings.model_copy(update={"custom": held_out}), tmp_path)
    card = load_model(tmp_path).card
    assert card.recipe["steps"] > 4
    assert card.clusters is not None


def test_the_schedule_begins_anew_with_the_second_stage() -> None:
    settings = make_settings(preset="paper", clusters=16)
    recipe = settings.resolve()
    cohort = replace(make_cohort(12, side=64), settings=recipe.prepare)
    plan, _ = make_plan(cohort, settings)
    assert plan.steps == 100_000
    assert plan.stage_ends() == [20_000, 100_000]

    def rate(step: int) -> float:
        first, end = plan.schedule_span(step)
        return rate_factor(recipe.schedule, step - first, end - first)

    steps = (0, 9_999, 10_000, 19_999, 20_000, 29_999, 30_000, 99_999)
    assert [rate(step) for step in steps] == [1, 1, 0.5, 0.5, 1, 1, 0.5, 0.5**7]


def test_the_papers_second_stage() -> None:
    recipe = make_settings(preset="paper", clusters=16).resolve()
    assert recipe.architecture.clusters == 16
    last = {o.kind: o for o in recipe.stages[-1].objectives}
    assert list(last) == [
        "patch_discrimination",
        "hypersphere_mixup",
        "region_discrimination",
        "assignment_entropy",
    ]
    assert [o.weight for o in last.values()] == [1, 1, 10, 0.1]
    assert last["region_discrimination"].temperature == 0.2


def test_centre_sensitive_pooling_is_of_the_grid_form() -> None:
    stage = make_settings(form="grid", centre_sensitive=True).resolve().stages[0]
    assert stage.pooling is not None
    assert stage.pooling.centre_sigma == 0.25
    with pytest.raises(SettingsError, match="centre_sensitive needs the form grid"):
        make_settings(preset="quick", centre_sensitive=True)


def test_clusters_belong_into_a_recipe_of_ones_own() -> None:
    with pytest.raises(SettingsError, match="belong into the recipe"):
        make_settings(custom=make_settings().resolve(), clusters=4)
    recipe = make_settings(clusters=4).resolve()
    stages = recipe.model_dump()["stages"][:1]
    with pytest.raises(ValueError, match="need each other"):
        Recipe.model_validate(recipe.model_dump() | {"stages": stages})


HEALTHY = {"effective_clusters": 9.0, "pixel_entropy": 2.0}


class TestWatch:
    def see(self, metrics: dict[str, float], events: int = 6, start: int = 100) -> list[str]:
        watch = ClusterWatch(16, from_step=100)
        return [text for done in range(start, start + events) for text in watch.see(done, metrics)]

    def test_healthy_clusters(self) -> None:
        assert self.see(HEALTHY) == []

    def test_collapse_is_said_once(self) -> None:
        said = self.see(HEALTHY | {"effective_clusters": 1.2}, events=20)
        assert len(said) == 1
        assert "collapsed at step 104" in said[0]
        assert "1.2 of 16" in said[0]

    def test_uniform_assignments_are_said(self) -> None:
        said = self.see(HEALTHY | {"pixel_entropy": 3.9})
        assert len(said) == 1
        assert "3.9 of 4.0 bits" in said[0]

    def test_a_young_stage_is_given_time(self) -> None:
        bad = {"effective_clusters": 1.0, "pixel_entropy": 4.0}
        assert self.see(bad, events=50, start=0) == []
        assert len(self.see(bad)) == 2

    def test_other_stages_are_left_alone(self) -> None:
        assert self.see({"spread": 1.0}) == []


def test_a_training_with_useless_clusters_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The head gives every cell the same shares, and nearly does not learn."""
    monkeypatch.setattr(blocks, "FIRST_GAIN", 0.0)
    settings = clustered("grid", steps=24)
    assert settings.custom is not None
    slow = settings.custom.model_copy(update={"optimiser": Optimiser(lr=1e-9)})
    settings = settings.model_copy(update={"custom": slow})
    said = " ".join(pretrain(make_cohort(4), settings, tmp_path).warnings)
    assert "all clusters alike" in said
    assert "clusters have collapsed" in said
