"""Trainings with DiRA's visual words from end to end, tiny."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from medssl.errors import Cancelled, ModelError, SettingsError
from medssl.models import load_model
from medssl.pretrain import Optimiser, Recipe, make_plan, make_settings, pretrain
from medssl.pretrain.words import FILE
from medssl.runs import RunFolder

from .cohorts import MemoryCohort, make_cohort
from .dira import dira_settings, tiny_dira


def tensors(folder: Path, part: str) -> dict[str, torch.Tensor]:
    return load_file(folder / part)


@pytest.mark.parametrize("ndim", [2, 3])
def test_it_gives_a_model_that_restores(tmp_path: Path, ndim: int) -> None:
    result = pretrain(make_cohort(4, ndim), dira_settings("words", ndim), tmp_path)
    assert [event["stage"] for event in result.history] == ["di"] * 3 + ["dir"] * 3 + ["dira"] * 2
    for event in result.history:
        assert 0 <= event["word_accuracy"] <= 1
        assert event["visual_words"] > 0
        assert "image_spread" in event
    assert {"restoration", "adversarial", "discriminator"} <= result.history[-1].keys()
    assert load_model(result.model_folder).net.restorer is not None
    assert load_file(tmp_path / FILE)["holds"].shape == (4, 4)
    assert not result.warnings or "hardly larger" not in " ".join(result.warnings)


@pytest.mark.parametrize(
    ("values", "worded"),
    [
        ({"parts": "di"}, True),
        ({"parts": "res"}, False),
        ({"parts": "dir"}, True),
        ({"schedule": "warmup"}, True),
        ({"schedule": "joint"}, True),
    ],
)
def test_ablations_and_schedules(tmp_path: Path, values: dict[str, str], worded: bool) -> None:
    result = pretrain(make_cohort(3), dira_settings("words", steps=2, recipe=values), tmp_path)
    assert ("word_accuracy" in result.history[-1]) == worded
    assert (tmp_path / FILE).is_file() == worded


def striped() -> MemoryCohort:
    """Two images whose quarters have stripes of their own."""
    y, x = np.mgrid[:64, :64]
    stripes = np.where(
        y < 32,
        np.where(x < 32, np.sin(y), np.sin(x)),
        np.where(x < 32, np.sin(x + y), np.sin(2 * x) * np.sin(2 * y)),
    )
    array = (0.5 + 0.5 * stripes[None]).astype(np.float16)
    cohort = make_cohort(2, side=64)
    return replace(cohort, cases=tuple(replace(case, array=array) for case in cohort.cases))


def test_it_learns_the_words(tmp_path: Path) -> None:
    """Two images show four places each: they are soon told apart."""
    settings = dira_settings("words", steps=250, recipe={"parts": "di"})
    changes = {"optimiser": Optimiser(lr=1e-2), "largest_crop": 64, "batch": 8}
    settings = settings.model_copy(update={"custom": settings.custom.model_copy(update=changes)})
    history = pretrain(striped(), settings, tmp_path).history
    assert history[0]["visual_words"] == pytest.approx(math.log(4), abs=0.4)
    assert np.mean([event["visual_words"] for event in history[-40:]]) < 0.75 * math.log(4)
    assert np.mean([event["word_accuracy"] for event in history[-40:]]) > 0.5


@pytest.mark.parametrize("ndim", [2, 3])
def test_stopped_in_each_stage_and_resumed_ends_bit_equal(tmp_path: Path, ndim: int) -> None:
    settings, cohort = dira_settings("words", ndim), make_cohort(4, ndim)
    pretrain(cohort, settings, tmp_path / "whole")
    for at in (2, 5, 7):

        def stop(done: int, _total: int, _message: str, at: int = at) -> None:
            if done == at:
                raise Cancelled

        with pytest.raises(Cancelled):
            pretrain(cohort, settings, tmp_path / "parts", stop)
    told: list[str] = []
    pretrain(cohort, settings, tmp_path / "parts", lambda *values: told.append(values[2]))
    assert not any("describing" in message for message in told)
    for part in ("model/model.safetensors", "checkpoints/last/state.safetensors", FILE):
        one, other = (tensors(tmp_path / name, part) for name in ("whole", "parts"))
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_stopped_while_the_words_are_found(tmp_path: Path) -> None:
    def stop(_done: int, total: int, message: str) -> None:
        if message == "describing the images 2/3":
            assert total == 8
            (tmp_path / "control" / "stop").touch()

    settings = dira_settings("words")
    with pytest.raises(Cancelled):
        pretrain(make_cohort(3), settings, tmp_path, stop)
    assert not (tmp_path / FILE).exists()
    assert pretrain(make_cohort(3), settings, tmp_path).steps == 8


def test_damaged_words_are_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"nothing")
    with pytest.raises(ModelError, match="visual-words"):
        pretrain(make_cohort(2), dira_settings("words"), tmp_path)


def test_one_image_is_refused_and_two_are_enough(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="one usable image"):
        pretrain(make_cohort(1), dira_settings("words"), tmp_path / "one")
    assert not (tmp_path / "one").exists()
    settings = dira_settings("words", steps=3).model_copy(update={"batch": 6})
    result = pretrain(make_cohort(2), settings, tmp_path / "two")
    assert result.steps == 3
    assert not any("a step sees" in warning for warning in result.warnings)


def test_held_out_images_show_words_too(tmp_path: Path) -> None:
    settings = dira_settings("words", steps=3, recipe={"schedule": "joint"})
    changes = {"held_out": 0.2, "validate_every": 1}
    settings = settings.model_copy(update={"custom": settings.custom.model_copy(update=changes)})
    pretrain(make_cohort(10), settings, tmp_path)
    losses = [e["validation_loss"] for e in RunFolder(tmp_path).events() if "validation_loss" in e]
    assert len(losses) == 3
    assert all(loss > 0 for loss in losses)
    assert load_file(tmp_path / FILE)["holds"].any(1).sum() == 10


def test_minutes_include_the_words(tmp_path: Path) -> None:
    """Timing before the first step leaves the training as it was."""
    settings = dira_settings("words")
    asked = settings.model_copy(update={"steps": None, "minutes": 0.07})
    timed = pretrain(make_cohort(3), asked, tmp_path / "timed")
    plain = settings.model_copy(update={"steps": timed.steps})
    pretrain(make_cohort(3), plain, tmp_path / "plain")
    one, other = (tensors(tmp_path / n, "model/model.safetensors") for n in ("timed", "plain"))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_images_as_large_as_a_view_are_warned_of() -> None:
    cohort = make_cohort(4, 3, side=16)
    flat = tuple(replace(case, array=case.array[:, :8]) for case in cohort.cases)
    plan, _ = make_plan(replace(cohort, cases=flat), dira_settings("words", 3))
    assert any("4 of 4 images are hardly larger than a view of 8" in note for note in plan.notes)
    for settings in (dira_settings("words", 3), dira_settings("moco", 3)):
        plan, _ = make_plan(make_cohort(4, 3, side=32), settings)
        assert not any("hardly larger" in note for note in plan.notes)


def test_recipes_are_whole_and_weighted_as_published() -> None:
    for preset in ("quick", "standard", "paper"):
        for ndim in (2, 3):
            values = {"recipe": "dira-visual-words", "preset": preset, "ndim": ndim}
            recipe = make_settings(**values).resolve()
            assert [stage.words for stage in recipe.stages] == [44] * 3
            assert recipe.name == f"dira-visual-words-{preset}"
            assert recipe.optimiser.kind == "adamw"
            words, restoration, _ = recipe.stages[-1].objectives
            assert words.weight / restoration.weight == pytest.approx(0.01)
    assert make_settings(recipe="dira-moco").resolve().stage_with_words is None


def test_views_that_do_not_overlap_are_refused() -> None:
    values = tiny_dira("words").model_dump()
    values["stages"][0]["views"]["crops"]["overlap"] = 0.0
    with pytest.raises(SettingsError, match="two crops that overlap"):
        make_settings(custom=values)
    values = tiny_dira("words").model_dump()
    values["stages"][0]["objectives"][0]["words"] = 7
    with pytest.raises(SettingsError, match="equally many"):
        make_settings(custom=values)
    assert Recipe.model_validate(tiny_dira("words").model_dump()).stages[0].words == 4
