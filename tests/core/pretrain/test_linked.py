"""Trainings that match across images: batches, cohorts of every size, stops, the time budget."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from medssl.errors import Cancelled, ModelError, SettingsError
from medssl.models import load_model
from medssl.pretrain import make_settings, minutes, pretrain, trainer
from medssl.pretrain.loader import BatchSource
from medssl.pretrain.warmup import WarmUp
from medssl.runs import RunFolder

from .cohorts import linked_settings, linked_stages, make_cohort, tiny_recipe

ACROSS = "correspondences-across.safetensors"
REFINED = "correspondences-refined.safetensors"


def states(folder: Path) -> list[str]:
    return [event["state"] for event in RunFolder(folder).events() if event["kind"] == "state"]


@pytest.mark.parametrize(("batch", "drawn"), [(4, 2), (5, 2), (2, 1)])
def test_the_second_half_of_a_batch_are_partners(batch: int, drawn: int) -> None:
    partners = torch.tensor([[1, 2], [2, 3], [3, 4], [4, 5], [5, 0], [0, 1]])
    source = BatchSource(make_cohort(6).cases, (32, 32), batch, seed=0)
    source.partners = partners
    seen: list[int] = []
    for step in range(6 // drawn):
        one = source.read(step)
        assert len(one.images) == 2 * drawn
        assert one.choice is not None
        first, second = one.case.chunk(2)
        assert torch.equal(partners[first, one.choice], second)
        seen += first.tolist()
        assert torch.equal(one.images, source.read(step).images)
    assert sorted(seen) == list(range(6))


@pytest.mark.parametrize(("count", "batch"), [(1, 2), (2, 2), (3, 3), (4, 5)])
def test_cohorts_and_batches_of_every_size(tmp_path: Path, count: int, batch: int) -> None:
    result = pretrain(make_cohort(count), linked_settings(recipe={"batch": batch}), tmp_path)
    assert [event["stage"] for event in result.history] == [*["across"] * 2, *["refined"] * 2]
    assert (tmp_path / ACROSS).is_file() == (tmp_path / REFINED).is_file() == (count > 1)
    across = [event["cross_image_matching"] for event in result.history]
    assert all((loss > 0) == (count > 1) for loss in across)


def test_volumes(tmp_path: Path) -> None:
    settings = linked_settings(3, steps=2, recipe={"largest_crop": 16})
    result = pretrain(make_cohort(2, 3, side=16), settings, tmp_path)
    assert result.history[-1]["cross_image_matching"] > 0


def test_a_batch_of_one_image_is_not_linked_and_says_so(tmp_path: Path) -> None:
    result = pretrain(make_cohort(3), linked_settings(recipe={"batch": 1}), tmp_path)
    assert any("a batch of 2 or more" in warning for warning in result.warnings)
    assert not (tmp_path / ACROSS).exists()


def test_correspondences_are_kept_and_used_again(tmp_path: Path) -> None:
    def stop(done: int, _total: int, _message: str) -> None:
        if done == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        pretrain(make_cohort(), linked_settings(), tmp_path, stop)
    written = [(tmp_path / name).stat().st_mtime_ns for name in (ACROSS, REFINED)]
    messages = []
    pretrain(make_cohort(), linked_settings(), tmp_path, lambda *told: messages.append(told[2]))
    assert [(tmp_path / name).stat().st_mtime_ns for name in (ACROSS, REFINED)] == written
    assert not any("describing" in message for message in messages)


def test_damaged_correspondences_are_named(tmp_path: Path) -> None:
    (tmp_path / ACROSS).write_bytes(b"nothing")
    with pytest.raises(ModelError, match="correspondences-across"):
        pretrain(make_cohort(2), linked_settings(), tmp_path)
    assert states(tmp_path)[-1] == "failed"


def raise_cancelled(_folder: Path) -> None:
    raise Cancelled


def write_stop(folder: Path) -> None:
    (folder / "control" / "stop").touch()


@pytest.mark.parametrize("ask", [raise_cancelled, write_stop])
@pytest.mark.parametrize("at_step", [0, 2])
def test_stopped_while_images_are_linked(
    tmp_path: Path, ask: Callable[[Path], None], at_step: int
) -> None:
    def stop(done: int, total: int, message: str) -> None:
        if done == at_step and message == "finding what corresponds 2/6":
            assert total == 4
            ask(tmp_path)

    with pytest.raises(Cancelled):
        pretrain(make_cohort(), linked_settings(), tmp_path, stop)
    assert states(tmp_path)[-2:] == ["stopping", "stopped"]
    assert not (tmp_path / (REFINED if at_step else ACROSS)).exists()
    assert (tmp_path / "checkpoints").exists() == (at_step > 0)
    assert not (tmp_path / "pid").exists()
    result = pretrain(make_cohort(), linked_settings(), tmp_path)
    assert [event["step"] for event in result.history] == list(range(at_step + 1, 5))


def test_held_out_images_choose_the_model(tmp_path: Path) -> None:
    recipe = {"held_out": 0.2, "validate_every": 1}
    pretrain(make_cohort(10), linked_settings(recipe=recipe), tmp_path)
    losses = [e["validation_loss"] for e in RunFolder(tmp_path).events() if "validation_loss" in e]
    assert len(losses) == 4
    assert all(math.isfinite(loss) for loss in losses)
    best = 1 + min(range(4), key=losses.__getitem__)
    assert load_model(tmp_path).card.recipe["steps"] == best


def test_minutes_include_linking_now_and_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six seconds by a clock that only linking moves: 2 now, 3 kept for later, 1 for 10 steps."""
    now = [0.0]
    link = trainer.link_images

    def slow(*arguments: Any) -> Any:
        now[0] += 2.0
        return link(*arguments)

    monkeypatch.setattr(trainer, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(trainer, "link_images", slow)
    monkeypatch.setattr(minutes, "RESERVE_SECONDS", 0.0)
    monkeypatch.setattr(trainer, "first_steps", lambda *_: WarmUp((), 0.1))
    result = pretrain(make_cohort(2), linked_settings(minutes=0.1), tmp_path)
    assert result.steps == 10
    few = [warning for warning in result.warnings if "too few to learn from" in warning]
    assert len(few) == 1
    assert "more minutes" in few[0]
    assert "instant" in few[0]


def test_the_request_names_its_inputs(tmp_path: Path) -> None:
    recipe = {"held_out": 0.2}
    pretrain(make_cohort(10), linked_settings(steps=1, recipe=recipe), tmp_path)
    job = RunFolder(tmp_path).read_job()
    assert job is not None
    assert len(job["inputs"]) == 10
    assert {entry["key"] for entry in job["inputs"]} == {f"{n}.png" for n in range(10)}
    assert sum(entry["held_out"] for entry in job["inputs"]) == 2
    for entry in job["inputs"]:
        assert Path(entry["path"]).is_absolute()
        assert entry["fingerprint"] == "f" + entry["key"].removesuffix(".png")


def test_stages_need_names_of_their_own() -> None:
    one = linked_stages()[0]
    recipe = tiny_recipe().model_dump() | {"stages": [one.model_dump()] * 2}
    with pytest.raises(SettingsError, match="name of its own"):
        make_settings(custom=recipe)


def test_short_trainings_do_not_spend_their_time_on_links() -> None:
    stages = {minutes: len(make_settings(minutes=minutes).resolve().stages) for minutes in (2, 8)}
    assert stages == {2: 1, 8: 2}
