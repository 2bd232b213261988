"""Trainings from end to end, tiny; and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from medssl.errors import SettingsError
from medssl.models import load_model
from medssl.prepare.prepared import COLOUR_AS_GREY
from medssl.pretrain import Optimiser, Schedule, learner, make_settings, pretrain, warmup
from medssl.pretrain.hardware import choose_hardware, start_accelerator
from medssl.pretrain.schedule import rate_factor
from medssl.runs import RunFolder

from .cohorts import MemoryCase, make_cohort, tiny_recipe, tiny_settings


@pytest.mark.parametrize(("form", "ndim"), [("dense", 2), ("grid", 2), ("dense", 3), ("grid", 3)])
def test_every_form_gives_a_model(tmp_path: Path, form: str, ndim: int) -> None:
    cohort = make_cohort(4, ndim, side=24 if ndim == 2 else 16)
    recipe = {"largest_crop": 24 if ndim == 2 else 16}
    result = pretrain(cohort, tiny_settings(form, ndim, steps=2, recipe=recipe), tmp_path)
    model = load_model(result.model_folder)
    assert model.card.input == cohort.settings
    assert model.card.data.n_images == 4
    cells = model.net(torch.rand(1, 1, *[20] * ndim))
    assert cells.shape[1:] == (8, *[20 // model.card.embedding.stride] * ndim)
    assert result.history[-1]["step"] == 2
    assert {"starting", "running", "done"} == {
        e["state"] for e in RunFolder(tmp_path).events() if e["kind"] == "state"
    }


def test_it_learns(tmp_path: Path) -> None:
    settings = tiny_settings(steps=60, recipe={"optimiser": Optimiser(lr=1e-2)})
    losses = [event["loss"] for event in pretrain(make_cohort(), settings, tmp_path).history]
    assert np.mean(losses[-10:]) < 0.85 * np.mean(losses[:5])


def test_minutes_become_steps_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medssl.pretrain.minutes.RESERVE_SECONDS", 0.0)
    monkeypatch.setattr(warmup, "TIMED_STEPS", 2)
    result = pretrain(make_cohort(), tiny_settings(minutes=0.02), tmp_path)
    job = RunFolder(tmp_path).read_job()
    assert job is not None
    assert job["plan"]["steps"] == result.steps >= 1


def test_timing_leaves_the_training_as_it_was(tmp_path: Path) -> None:
    """The same steps, measured before or not, end in the same model."""
    timed = pretrain(make_cohort(), tiny_settings(minutes=0.06), tmp_path / "timed")
    plain = pretrain(make_cohort(), tiny_settings(steps=timed.steps), tmp_path / "plain")
    one, other = (load_model(r.model_folder).net.state_dict() for r in (timed, plain))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_stages_follow_each_other(tmp_path: Path) -> None:
    first = tiny_recipe().stages[0]
    stages = (first, first.model_copy(update={"name": "second", "share": 3.0}))
    settings = tiny_settings(steps=4, recipe={"stages": stages})
    result = pretrain(make_cohort(), settings, tmp_path)
    assert [event["stage"] for event in result.history] == ["dense", "second", "second", "second"]


def test_the_best_on_held_out_images_becomes_the_model(tmp_path: Path) -> None:
    recipe = {"held_out": 0.2, "validate_every": 1, "optimiser": Optimiser(lr=0.5)}
    settings = tiny_settings(steps=4, recipe=recipe)
    pretrain(make_cohort(10), settings, tmp_path)
    losses = [e["validation_loss"] for e in RunFolder(tmp_path).events() if "validation_loss" in e]
    assert len(losses) == 4
    assert load_model(tmp_path).card.recipe["steps"] == int(np.argmin(losses)) + 1


def test_not_a_number_is_said_and_the_run_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = learner.Learner._judge

    def broken(self: learner.Learner, *arguments: object) -> learner.Forwarded:
        made = judge(self, *arguments)
        return replace(made, loss=made.loss * torch.nan)

    monkeypatch.setattr(learner.Learner, "_judge", broken)
    with pytest.raises(SettingsError, match="no finite numbers in the last 10 steps"):
        pretrain(make_cohort(), tiny_settings(steps=20), tmp_path)
    events = RunFolder(tmp_path).events()
    assert [event["kind"] for event in events[-2:]] == ["error", "state"]
    assert events[-1]["state"] == "failed"
    assert not (tmp_path / "model").exists()


def test_collapse_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medssl.pretrain.spread_watch.COLLAPSED_BELOW", 10.0)
    result = pretrain(make_cohort(), tiny_settings(steps=6), tmp_path)
    assert any("collapsed" in warning for warning in result.warnings)


def test_one_image(tmp_path: Path) -> None:
    cohort = make_cohort(1)
    result = pretrain(cohort, tiny_settings(), tmp_path / "dense")
    assert any("one image" in warning for warning in result.warnings)
    with pytest.raises(SettingsError, match="mixes two different images"):
        pretrain(cohort, tiny_settings("grid"), tmp_path / "grid")
    assert not (tmp_path / "grid").exists()


def test_tiny_images_are_left_out_or_refused(tmp_path: Path) -> None:
    cohort = make_cohort(3)
    pixel = MemoryCase(np.zeros((1, 1, 1), np.float16))
    result = pretrain(replace(cohort, cases=(*cohort.cases, pixel)), tiny_settings(), tmp_path)
    assert any("1 images" in warning for warning in result.warnings)
    with pytest.raises(SettingsError, match="no image is at least"):
        pretrain(replace(cohort, cases=(pixel,)), tiny_settings(), tmp_path / "none")


def test_colours_that_are_not_learned_from_are_said(tmp_path: Path) -> None:
    cohort = make_cohort(3)
    first = replace(cohort.cases[0], warnings=(COLOUR_AS_GREY,))
    result = pretrain(
        replace(cohort, cases=(first, *cohort.cases[1:])), tiny_settings(steps=1), tmp_path
    )
    assert any("1 colour images are trained on as grey" in text for text in result.warnings)


def test_images_prepared_otherwise_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="prepared as 3-D"):
        pretrain(make_cohort(2, 3, side=16), tiny_settings(), tmp_path)


def test_compilation_that_fails_falls_back_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: object, *_arguments: object, **_options: object) -> None:
        raise RuntimeError("the compiler is not well\nlong story")

    monkeypatch.setattr(learner.TrainingNet, "compile", broken)
    settings = tiny_settings().model_copy(update={"compile": "on", "precision": "float32"})
    result = pretrain(make_cohort(), settings, tmp_path)
    assert any("the compiler is not well" in warning for warning in result.warnings)
    assert result.steps == 4


def test_without_a_compiler_nothing_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: None)
    hardware = choose_hardware(torch.device("cpu"), "auto", compiled=True)
    assert not hardware.compiled
    assert hardware.precision == "float32"
    assert any("no C++ compiler" in note for note in hardware.notes)


@pytest.mark.parametrize("device", ["cuda:99", "quantum", "xpu"])
def test_devices_that_are_not_there(device: str) -> None:
    with pytest.raises(SettingsError, match="device"):
        start_accelerator(device)


def test_settings_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="minutes or steps"):
        make_settings(minutes=1, steps=2)
    with pytest.raises(SettingsError, match="preset"):
        make_settings(preset="fast")
    with pytest.raises(SettingsError, match="even batch"):
        make_settings(preset="paper", batch=3).resolve()


def test_the_papers_preset_is_the_papers() -> None:
    recipe = make_settings(preset="paper").resolve()
    assert recipe.architecture.widths == (16, 32, 64, 128, 128)
    assert (recipe.optimiser.kind, recipe.optimiser.lr, recipe.steps) == ("adam", 1e-3, 20_000)
    assert [o.temperature for o in recipe.stages[0].objectives] == [0.1, 0.1]
    rates = [rate_factor(recipe.schedule, step, 20_000) for step in (0, 9_999, 10_000, 19_999)]
    assert rates == [1.0, 1.0, 0.5, 0.5]


def test_cosine_rises_and_falls() -> None:
    schedule = Schedule(kind="cosine", warmup_steps=10, final=0.0)
    rates = [rate_factor(schedule, step, 100) for step in range(100)]
    assert int(np.argmax(rates)) in range(8, 13)
    assert rates[0] < 0.1
    assert rates[-1] < 0.01
