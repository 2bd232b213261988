"""The first steps change nothing, and a compilation that fails is really left."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from medssl.models import load_model
from medssl.pretrain import learner, make_plan, make_settings, pretrain, warmup
from medssl.pretrain.hardware import Hardware, start_accelerator
from medssl.pretrain.learner import Learner, TrainingNet
from medssl.pretrain.loader import BatchSource

from .cohorts import make_cohort, tiny_settings


def test_a_net_that_fails_compiled_is_trained_uncompiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails in its first step, after the running statistics have moved."""
    compiled_calls = []

    def compile_badly(net: TrainingNet, **_: Any) -> None:
        def run(*images: torch.Tensor) -> Any:
            compiled_calls.append(net)
            net.forward(*images)
            raise RuntimeError("the compiler is not well\nlong story")

        net._compiled_call_impl = run

    plain = pretrain(make_cohort(), tiny_settings(), tmp_path / "plain")
    monkeypatch.setattr(learner.TrainingNet, "compile", compile_badly)
    settings = tiny_settings().model_copy(update={"compile": "on"})
    fallen = pretrain(make_cohort(), settings, tmp_path / "fallen")
    assert any("the compiler is not well" in warning for warning in fallen.warnings)
    assert len(compiled_calls) == 1
    one, other = (load_model(r.model_folder).net.state_dict() for r in (plain, fallen))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_learner_compiles_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[dict[str, Any]] = []
    monkeypatch.setattr(learner.TrainingNet, "compile", lambda _, **how: compiled.append(how))
    forgotten: list[bool] = []
    monkeypatch.setattr(torch.compiler, "reset", lambda: forgotten.append(True))
    plan, _ = make_plan(make_cohort(), tiny_settings())
    hardware = Hardware(torch.device("cpu"), "float32", compiled=True)
    one = Learner(plan, hardware, start_accelerator("cpu"))
    assert forgotten == [True]  # else trainings in one process use up what torch keeps of a code
    stage = plan.recipe.stages[0]
    one.enter(stage)
    one.enter(stage.model_copy(update={"name": "second"}))
    assert compiled == [{"dynamic": False}]


def test_a_stage_that_comes_again_is_not_compiled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Minutes are turned into steps by trying each stage before the first begins."""
    compiled: list[TrainingNet] = []
    monkeypatch.setattr(learner.TrainingNet, "compile", lambda net, **_: compiled.append(net))
    settings = make_settings(clusters=3, steps=2)
    plan, _ = make_plan(replace(make_cohort(), settings=settings.prepare), settings)
    one = Learner(
        plan, Hardware(torch.device("cpu"), "float32", compiled=True), start_accelerator("cpu")
    )
    for number in (0, 2, 0, 1, 2):
        one.enter(plan.recipe.stages[number])
    assert len(compiled) == 2


def test_the_first_steps_leave_net_and_optimiser_as_they_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(warmup, "TIMED_STEPS", 1)
    cohort = make_cohort()
    plan, division = make_plan(cohort, tiny_settings())
    hardware = Hardware(torch.device("cpu"), "float32", compiled=False)
    one = Learner(plan, hardware, start_accelerator("cpu"))
    before = copy.deepcopy(one.net.state_dict())
    assert any("running_mean" in name for name in before)
    batch = BatchSource(division.training, plan.canvas, 2, seed=0).read(0)
    found = warmup.first_steps(one, batch, timed=True)
    assert found.step_seconds > 0
    after = one.net.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert not one.optimiser.state
    assert all(parameter.grad is None for parameter in one.net.parameters())


def test_slow_steps_are_tried_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    plan, division = make_plan(make_cohort(), tiny_settings())
    learner_ = Learner(
        plan, Hardware(torch.device("cpu"), "float32", False), start_accelerator("cpu")
    )
    batch = BatchSource(division.training, plan.canvas, plan.recipe.batch, seed=0).read(0)
    taken: list[int] = []
    step = learner_.step
    monkeypatch.setattr(learner_, "step", lambda *a, **k: taken.append(1) or step(*a, **k))
    warmup.first_steps(learner_, batch, timed=True)
    usual = len(taken)
    monkeypatch.setattr(warmup, "MOST_SECONDS", 0.0)
    warmup.first_steps(learner_, batch, timed=True)
    assert len(taken) - usual == 2 < usual
