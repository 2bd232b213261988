"""Losses and gradients that are no finite numbers: skipped, counted, and at last too many."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from medssl.errors import Cancelled, SettingsError
from medssl.pretrain import pretrain
from medssl.pretrain.learner import Forwarded, Learner
from medssl.runs import read_events

from .cohorts import make_cohort
from .dira import dira_settings


@pytest.fixture
def spoil(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Spoil the steps of some seeds, loss or gradient; batch norm sees them too."""
    judge, step = Learner._judge, Learner.step
    now = {"seed": None, "bad": False}

    def begin(learner, number, batch, seed, *rest, **more):
        seeds = now.setdefault("seen", [])
        if seed not in seeds:
            seeds.append(seed)
        now["bad"] = seeds.index(seed) in now["which"]
        if now["bad"]:
            batch.images.mul_(torch.nan if now["how"] == "images" else 1)
        return step(learner, number, batch, seed, *rest, **more)

    def judged(learner, number, views, place, outputs):
        made = judge(learner, number, views, place, outputs)
        if not now["bad"] or now["how"] == "images":
            return made
        loss = made.loss * torch.inf
        if now["how"] == "gradient":
            loss = made.loss + (made.loss - made.loss.detach()).clamp(min=0).sqrt()
        return Forwarded(made.views, made.outputs, loss, made.metrics)

    def start(which: range | set[int], how: str = "loss") -> None:
        now.update(which=which, how=how, seen=[])

    monkeypatch.setattr(Learner, "step", begin)
    monkeypatch.setattr(Learner, "_judge", judged)
    return start


def state(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "checkpoints" / "last" / "state.safetensors")


@pytest.mark.parametrize("how", ["loss", "gradient", "images"])
def test_a_bad_step_is_skipped_and_counted(tmp_path: Path, spoil, how: str) -> None:
    spoil({2, 5}, how)
    result = pretrain(make_cohort(), dira_settings(steps=8), tmp_path)
    assert result.steps == 8
    assert all(values.isfinite().all() for values in state(tmp_path).values())
    assert result.history[-1]["skipped_steps"] == 2
    assert "skipped_steps" not in result.history[0]
    assert result.history[2]["loss"] is None
    assert next(w for w in result.warnings if "is skipped" in w).startswith("step 3 is skipped")


def test_a_skipped_step_leaves_everything_as_it_was(tmp_path: Path, spoil) -> None:
    spoil({7})
    pretrain(make_cohort(), dira_settings(steps=8), tmp_path / "skipped")

    def stop(done: int, _total: int, _message: str) -> None:
        if done == 7:
            raise Cancelled

    spoil(set())
    with pytest.raises(Cancelled):
        pretrain(make_cohort(), dira_settings(steps=8), tmp_path / "stopped", stop)
    one, other = state(tmp_path / "skipped"), state(tmp_path / "stopped")
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_many_in_a_row_end_the_run(tmp_path: Path, spoil) -> None:
    spoil(range(6, 40), "images")
    with pytest.raises(SettingsError, match=r"up to step 16.*lower learning rate"):
        pretrain(make_cohort(), dira_settings(steps=30), tmp_path)
    assert not any(e.get("state") == "done" for e in read_events(tmp_path))


def test_resumed_after_a_skipped_step_it_ends_alike(tmp_path: Path, spoil) -> None:
    def stop(done: int, _total: int, _message: str) -> None:
        if done == 4:
            raise Cancelled

    spoil({2})
    whole = pretrain(make_cohort(), dira_settings(steps=8), tmp_path / "whole")
    spoil({2})
    with pytest.raises(Cancelled):
        pretrain(make_cohort(), dira_settings(steps=8), tmp_path / "resumed", stop)
    spoil(set())
    again = pretrain(make_cohort(), dira_settings(steps=8), tmp_path / "resumed")
    assert again.history[-1]["skipped_steps"] == whole.history[-1]["skipped_steps"] == 1
    one, other = state(tmp_path / "whole"), state(tmp_path / "resumed")
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_the_checkpoint_before_many_in_a_row_is_good(tmp_path: Path, spoil) -> None:
    def stop(done: int, _total: int, _message: str) -> None:
        if done == 4:
            raise Cancelled

    spoil(set())
    with pytest.raises(Cancelled):
        pretrain(make_cohort(), dira_settings(steps=30), tmp_path, stop)
    before = state(tmp_path)
    spoil(range(30))
    with pytest.raises(SettingsError, match="up to step 14"):
        pretrain(make_cohort(), dira_settings(steps=30), tmp_path)
    assert read_events(tmp_path)[-1]["state"] == "failed"
    after = state(tmp_path)
    assert all(torch.equal(before[name], after[name]) for name in before)
    spoil(set())
    assert pretrain(make_cohort(), dira_settings(steps=30), tmp_path).steps == 30
