"""Trainings with DiRA's recipes from end to end, tiny."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from medssl.embed.net import NetEmbedder
from medssl.errors import Cancelled, SettingsError
from medssl.models import load_model
from medssl.nets import Parts
from medssl.pretrain import Optimiser, make_settings, pretrain
from medssl.pretrain.fit import fit_to_number
from medssl.pretrain.hardware import choose_hardware, start_accelerator
from medssl.pretrain.learner import Learner
from medssl.pretrain.loader import BatchSource
from medssl.pretrain.plan import make_plan
from medssl.runs import RunFolder

from .cohorts import make_cohort
from .dira import dira_settings, tiny_dira

CPU = torch.device("cpu")


def learner_of(kind: str = "moco", **values: object) -> tuple[Learner, BatchSource]:
    cohort = make_cohort(4)
    plan, division = make_plan(cohort, dira_settings(kind, **values))
    learner = Learner(plan, choose_hardware(CPU, "float32", False), start_accelerator("cpu"))
    return learner, BatchSource(division.training, plan.canvas, plan.recipe.batch, 0)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("kind", ["moco", "barlow", "simsiam"])
def test_every_discrimination_gives_a_model_that_restores(
    tmp_path: Path, kind: str, ndim: int
) -> None:
    cohort = make_cohort(4, ndim, side=24)
    result = pretrain(cohort, dira_settings(kind, ndim), tmp_path)
    assert [event["stage"] for event in result.history] == ["di"] * 3 + ["dir"] * 3 + ["dira"] * 2
    assert {"restoration", "adversarial", "discriminator"} <= result.history[-1].keys()
    model = load_model(result.model_folder)
    assert model.net.restorer is not None
    embedding = NetEmbedder(model, CPU).embed(cohort.cases[0].array)
    assert embedding.shape == (8, *[side // 2 for side in cohort.cases[0].array.shape[1:]])
    torch.testing.assert_close(
        torch.from_numpy(embedding).float().norm(dim=0),
        torch.ones(embedding.shape[1:]),
        atol=2e-2,
        rtol=0,
    )


@pytest.mark.parametrize("parts", ["di", "res", "dir"])
def test_ablations_give_a_model(tmp_path: Path, parts: str) -> None:
    result = pretrain(make_cohort(4), dira_settings(recipe={"parts": parts}, steps=2), tmp_path)
    model = load_model(result.model_folder)
    assert (model.net.restorer is None) == (parts == "di")
    assert (NetEmbedder(model, CPU).embed(make_cohort(1).cases[0].array) != 0).any()


def test_places_are_learned_beside(tmp_path: Path) -> None:
    result = pretrain(make_cohort(4), dira_settings(recipe={"places": True}, steps=8), tmp_path)
    assert {"dense_discrimination", "dense_matching", "moco"} <= result.history[-1].keys()
    assert load_model(result.model_folder).card.architecture.embedding_of == "head"


def test_stopped_in_each_stage_and_resumed_ends_bit_equal(tmp_path: Path) -> None:
    settings = dira_settings(steps=8)
    pretrain(make_cohort(), settings, tmp_path / "whole")
    for at in (2, 5, 7):

        def stop(done: int, _total: int, _message: str, at: int = at) -> None:
            if done == at:
                raise Cancelled

        with pytest.raises(Cancelled):
            pretrain(make_cohort(), settings, tmp_path / "parts", stop)
    pretrain(make_cohort(), settings, tmp_path / "parts")
    for part in ("model/model.safetensors", "checkpoints/last/state.safetensors"):
        one, other = (load_file(tmp_path / name / part) for name in ("whole", "parts"))
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)
    assert any("queue" in name for name in one)
    assert any(name.startswith("optimiser/") and "adversarial" in name for name in one)


def test_sgd_goes_on_where_a_stage_adds_what_learns(tmp_path: Path) -> None:
    """Regression: the paper's optimiser failed at the first step of the second stage."""
    settings = dira_settings(steps=8)
    recipe = settings.custom.model_copy(update={"optimiser": Optimiser(kind="sgd", lr=0.03)})
    settings = settings.model_copy(update={"custom": recipe})
    whole = pretrain(make_cohort(), settings, tmp_path / "whole")
    assert [event["stage"] for event in whole.history][-1] == "dira"

    def stop(done: int, _total: int, _message: str) -> None:
        if done == 4:
            raise Cancelled

    with pytest.raises(Cancelled):
        pretrain(make_cohort(), settings, tmp_path / "parts", stop)
    pretrain(make_cohort(), settings, tmp_path / "parts")
    part = "checkpoints/last/state.safetensors"
    one, other = (load_file(tmp_path / name / part) for name in ("whole", "parts"))
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_it_learns_to_restore(tmp_path: Path) -> None:
    settings = dira_settings(recipe={"parts": "res"}, steps=80)
    recipe = settings.custom.model_copy(update={"optimiser": Optimiser(lr=1e-2)})
    settings = settings.model_copy(update={"custom": recipe})
    losses = [e["restoration"] for e in pretrain(make_cohort(), settings, tmp_path).history]
    assert np.mean(losses[-15:]) < 0.6 * np.mean(losses[:5])


def test_timing_leaves_the_training_as_it_was(tmp_path: Path) -> None:
    """The same steps, measured before or not, end in the same model and memories."""
    settings = dira_settings()
    asked = settings.model_copy(update={"steps": None, "minutes": 0.07})
    timed = pretrain(make_cohort(), asked, tmp_path / "timed")
    plain = settings.model_copy(update={"steps": timed.steps})
    pretrain(make_cohort(), plain, tmp_path / "plain")
    part = "checkpoints/last/state.safetensors"
    one, other = (load_file(tmp_path / name / part) for name in ("timed", "plain"))
    assert all(torch.equal(one[name], other[name]) for name in one if "module" in name)


def test_without_weight_the_adversary_changes_nothing(tmp_path: Path) -> None:
    """With weight 0 it is ``dir`` step for step."""
    recipe = tiny_dira(schedule="joint")
    (stage,) = recipe.stages
    *others, adversary = stage.objectives
    weightless = (*others, adversary.model_copy(update={"weight": 0.0}))
    states = []
    for objectives in (tuple(others), weightless):
        only = stage.model_copy(update={"name": "only", "objectives": objectives})
        settings = dira_settings(steps=4)
        custom = recipe.model_copy(update={"stages": (only,)})
        folder = tmp_path / str(len(objectives))
        pretrain(make_cohort(), settings.model_copy(update={"custom": custom}), folder)
        states.append(load_model(folder).net.state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_the_adversary_rises(tmp_path: Path) -> None:
    learner, source = learner_of(recipe={"schedule": "joint"})
    learner.enter(learner.plan.recipe.stages[0])
    batch = source.read(0)
    low, half, whole = (
        float(learner.loss(0, batch, 0, place)[0].detach()) for place in (0.0, 0.05, 0.1)
    )
    later = float(learner.loss(0, batch, 0, 0.7)[0].detach())
    assert low < half < whole == later
    assert half - low == pytest.approx(whole - half, rel=0.05)


def test_validation_moves_neither_queue_nor_key_encoder() -> None:
    learner, source = learner_of(recipe={"schedule": "joint"})
    learner.enter(learner.plan.recipe.stages[0])
    learner.step(0, source.read(0), 0, lr=1e-3)
    before = {k: v.clone() for m in learner.modules.values() for k, v in m.state_dict().items()}
    one = learner.validate(0, [source.read(1)])
    assert one == learner.validate(0, [source.read(1)])
    after = {k: v for m in learner.modules.values() for k, v in m.state_dict().items()}
    assert all(torch.equal(before[name], after[name]) for name in before)
    learner.step(0, source.read(1), 1, lr=1e-3)
    now = learner.objectives.state_dict()
    queue = next(name for name in now if name.endswith("queue"))
    assert not torch.equal(before[queue], now[queue])


def test_few_images_shrink_batch_and_queue() -> None:
    recipe = tiny_dira().model_copy(update={"batch": 32})
    fitted, notes = fit_to_number(recipe, 20)
    assert fitted.batch == 20
    assert any("20 images instead of 32" in note for note in notes)
    big = recipe.stages[0].objectives[0].model_copy(update={"queue": 500})
    stage = recipe.stages[0].model_copy(update={"objectives": (big,)})
    fitted, notes = fit_to_number(recipe.model_copy(update={"stages": (stage,)}), 100)
    assert fitted.stages[0].objectives[0].queue == 68
    assert any("68 keys instead of 500" in note for note in notes)


def test_one_image_cannot_be_told_apart(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="one usable image"):
        pretrain(make_cohort(1), dira_settings(), tmp_path)
    settings = dira_settings(recipe={"parts": "res"}, steps=2)
    assert pretrain(make_cohort(1), settings, tmp_path / "res").steps == 2


def test_recipes_are_whole() -> None:
    for name in ("dira-moco", "dira-barlow", "dira-simsiam", "ld+dira"):
        for preset in ("quick", "standard", "paper"):
            for ndim in (2, 3):
                recipe = make_settings(recipe=name, preset=preset, ndim=ndim).resolve()
                shares = [stage.share for stage in recipe.stages]
                assert shares == [3, 3, 2]
                assert recipe.stages[0].views.distortion is None
                assert all(stage.views.distortion is not None for stage in recipe.stages[1:])
    for schedule, names in (("warmup", ["dir", "dira"]), ("joint", ["dira"])):
        recipe = make_settings(recipe="dira-moco", schedule=schedule).resolve()
        assert [stage.name for stage in recipe.stages] == names
    with pytest.raises(SettingsError, match="schedule"):
        make_settings(recipe="ld", schedule="joint")


def test_the_papers_preset_is_the_papers() -> None:
    recipe = make_settings(recipe="dira-moco", preset="paper").resolve()
    moco, restoration, adversary = recipe.stages[-1].objectives
    assert (moco.weight, restoration.weight, adversary.weight) == (1, 10, 0.001)
    assert (moco.temperature, moco.momentum, moco.queue) == (0.2, 0.999, 65_536)
    assert (moco.hidden, moco.channels) == (2048, 128)
    assert (adversary.lr, adversary.betas) == (2e-4, (0.5, 0.999))
    assert adversary.widths == (64, 128, 256, 512)
    assert recipe.architecture.widths == (64, 256, 512, 1024, 2048)
    assert (recipe.optimiser.kind, recipe.optimiser.lr) == ("sgd", 0.03)
    volumes = make_settings(recipe="dira-moco", preset="paper", ndim=3).resolve()
    assert volumes.architecture.widths == (64, 128, 256, 512)
    assert volumes.stages[0].views.size == (32, 64, 64)


def test_collapse_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medssl.pretrain.spread_watch.COLLAPSED_BELOW", 10.0)
    result = pretrain(make_cohort(), dira_settings("simsiam", steps=60), tmp_path)
    assert any("images apart" in warning for warning in result.warnings)
    said = [e for e in RunFolder(tmp_path).events() if "images apart" in e.get("message", "")]
    metrics = [e["step"] for e in RunFolder(tmp_path).events() if "image_spread" in e]
    assert len(said) == 1
    assert metrics


def test_colours_are_restored_as_colours(tmp_path: Path) -> None:
    recipe = {"channels": 3, "upright": False, "schedule": "joint"}
    result = pretrain(make_cohort(4, channels=3), dira_settings(recipe=recipe, steps=2), tmp_path)
    net = load_model(result.model_folder).net
    images = torch.rand(1, 3, 16, 16)
    assert net.outputs(images, Parts(restored=True)).restored.shape == images.shape


def test_the_best_on_held_out_images_becomes_the_model(tmp_path: Path) -> None:
    settings = dira_settings(recipe={"schedule": "joint"}, steps=3)
    changes = {"held_out": 0.2, "validate_every": 1}
    settings = settings.model_copy(update={"custom": settings.custom.model_copy(update=changes)})
    pretrain(make_cohort(10), settings, tmp_path)
    losses = [e["validation_loss"] for e in RunFolder(tmp_path).events() if "validation_loss" in e]
    assert len(losses) == 3
    assert load_model(tmp_path).card.recipe["steps"] == losses.index(min(losses)) + 1


def test_the_paper_warms_up_with_large_batches_and_goes_on_with_small_ones() -> None:
    asked = {"recipe": "dira-moco", "preset": "paper", "schedule": "warmup"}
    recipe = make_settings(**asked).resolve()
    assert [recipe.batch_of(number) for number in (0, 1)] == [256, 16]
    assert recipe.stages[1].rate == 16 / 256
    epochs = [s.share * recipe.batch_of(n) / 86_524 for n, s in enumerate(recipe.stages)]
    assert np.allclose(epochs, [1200, 400], rtol=1e-3)
    assert recipe.steps == sum(stage.share for stage in recipe.stages)
    mine = make_settings(**asked, batch=64).resolve()
    assert [mine.batch_of(number) for number in (0, 1)] == [64, 64]
    assert mine.stages[1].rate == 1


def test_a_stage_with_a_batch_of_its_own_resumes_bit_for_bit(tmp_path: Path) -> None:
    recipe = tiny_dira(schedule="warmup").model_copy(update={"batch": 4})
    last = recipe.stages[-1].model_copy(update={"batch": 2, "rate": 0.5, "share": 3.0})
    custom = recipe.model_copy(update={"stages": (recipe.stages[0], last)})
    settings = make_settings(custom=custom, steps=6, device="cpu", compile="off")
    cohort = make_cohort(8)
    whole = pretrain(cohort, settings, tmp_path / "whole")
    learned = [event["lr"] for event in whole.history]
    assert learned[3] < 0.6 * learned[2]  # the second stage begins with its own share of the rate
    asked = []

    def stop(done: int, total: int, message: str) -> None:
        if done == 4 and not asked:
            asked.append(message)
            raise Cancelled

    with pytest.raises(Cancelled):
        pretrain(cohort, settings, tmp_path / "parts", stop)
    resumed = pretrain(cohort, settings, tmp_path / "parts")
    one, other = (load_model(r.model_folder).net.state_dict() for r in (whole, resumed))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_batches_follow_the_stage() -> None:
    recipe = tiny_dira(schedule="warmup").model_copy(update={"batch": 4})
    last = recipe.stages[-1].model_copy(update={"batch": 2})
    custom = recipe.model_copy(update={"stages": (recipe.stages[0], last)})
    plan, division = make_plan(make_cohort(3), make_settings(custom=custom, steps=4))
    assert [plan.recipe.batch_of(number) for number in (0, 1)] == [3, 2]  # there are three images
    assert len(division.training) == 3
