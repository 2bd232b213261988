"""What the Pretraining dock reads of settings and runs, without a window."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import get_args

import numpy as np
import psutil
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from fake_training import SCHEMA, FakeRun

from medssl.pretrain import PretrainSettings
from medssl.pretrain.settings import RecipeName
from napari_medssl.training.fields import form_fields
from napari_medssl.training.follower import RunFollower, is_loss
from napari_medssl.training.methods import EFFORTS, METHODS, method_of
from napari_medssl.training.words import duration_words, memory_words, metric_line


@pytest.fixture
def run() -> FakeRun:
    made = FakeRun("one").begin()
    yield made
    made.kill()


def test_every_setting_with_a_plain_value_becomes_a_field() -> None:
    fields = {f.name: f for f in form_fields(PretrainSettings.model_json_schema())}
    nested = {"custom"}
    assert set(fields) == set(PretrainSettings.model_fields) - nested
    for name, field in fields.items():
        known = PretrainSettings.model_fields[name]
        assert field.description == known.description
        assert field.default == known.default
    assert fields["form"].choices == ("dense", "grid")
    assert fields["form"].optional
    assert fields["minutes"].low is not None
    assert fields["minutes"].low > 0
    assert not fields["seed"].optional


def test_a_field_that_is_shown_elsewhere_is_left_out() -> None:
    assert [f.name for f in form_fields(SCHEMA, without=("recipe", "form"))] == [
        "steps", "minutes", "upright", "seed",
    ]  # fmt: skip


def test_every_method_and_effort_is_one_that_exists() -> None:
    recipes = [variant.recipe for method in METHODS for variant in method.variants]
    assert sorted(recipes) == sorted(get_args(RecipeName))
    for recipe in recipes:
        for effort in EFFORTS:
            settings = PretrainSettings(recipe=recipe, preset=effort.preset)
            assert settings.resolve().stages
        assert method_of(recipe).knows(recipe)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "1 s"), (42, "42 s"), (480, "8 min"), (9000, "2.5 h"), (259_200, "3 days")],
)
def test_times_are_said_as_a_person_would(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words


def test_sizes_and_places_are_said_with_units() -> None:
    assert [memory_words(m) for m in (80, 1229, 24576)] == ["80 MB", "1.2 GB", "24 GB"]
    metric = {"step": 340, "steps": 900, "images_per_second": 9.12, "seconds_left": 240.0}
    assert metric_line(metric, True) == "step 340 of 900 · 9.12 images/s · 4 min left"
    assert metric_line(metric, False) == "step 340 of 900"


def test_a_follower_tells_only_what_is_new(run: FakeRun) -> None:
    follower = RunFollower(run.path)
    run.metric(1, 4.0)
    first = follower.look()
    assert first is not None
    assert first.status.state == "running"
    assert [n for n in first.curves if is_loss(n)] == ["loss", "dense_discrimination"]
    assert follower.look() is None
    run.metric(2, 3.0)
    second = follower.look()
    assert second is not None
    assert second.curves["loss"][1].tolist() == [4.0, 3.0]
    assert first.curves["loss"][1].tolist() == [4.0]


def test_a_torn_line_waits_and_a_validation_keeps_the_numbers(run: FakeRun) -> None:
    follower = RunFollower(run.path)
    run.metric(1)
    follower.look()
    with (run.path / "events.jsonl").open("a") as file:
        file.write('{"t": 1, "kind": "metric", "step": 5, "validation')
        file.flush()
        assert follower.look() is None
        file.write('_loss": 0.5}\n')
    snapshot = follower.look()
    assert snapshot is not None
    assert snapshot.metric["images_per_second"] == 9.1
    assert snapshot.curves["validation_loss"][1].tolist() == [0.5]


def test_a_killed_process_is_told_as_interrupted_with_its_last_words(run: FakeRun) -> None:
    follower = RunFollower(run.path)
    follower.look()
    (run.path / "stderr.log").write_text("Killed: out of memory\n")
    run.kill()
    snapshot = follower.look()
    assert snapshot is not None
    assert snapshot.status.state == "lost"
    assert "Resume" in snapshot.status.message
    assert "Killed: out of memory" in snapshot.lines[-1]


def test_a_preview_that_is_half_written_is_read_when_it_is_whole(run: FakeRun) -> None:
    follower = RunFollower(run.path)
    run.preview(1, level=10)
    first = follower.look()
    assert first is not None
    assert first.preview is not None
    assert first.preview.embedding.max() == 10
    np.save(run.folder.previews / "embedding.npy", np.zeros((3, 3, 3), np.uint8))
    run.folder.event("preview", step=2, files=[])
    half = follower.look()
    assert half is not None
    assert half.preview is first.preview
    run.preview(2, level=20)
    whole = follower.look()
    assert whole is not None
    assert whole.preview is not None
    assert whole.preview.step == 2
    assert whole.preview.embedding.max() == 20


def test_a_hundred_thousand_events_are_attached_in_a_moment() -> None:
    run = FakeRun("long", state="stopped")
    metric = {
        "t": 1.0, "kind": "metric", "steps": 100_000, "stage": "within", "loss": 2.0, "lr": 1e-3,
        "dense_discrimination": 1.0, "spread": 0.7, "images_per_second": 9.0, "memory_mb": 900,
    }  # fmt: skip
    with (run.path / "events.jsonl").open("a") as file:
        file.writelines(json.dumps(metric | {"step": step}) + "\n" for step in range(100_000))
    follower, snapshot, blocks = RunFollower(run.path), None, 0
    before = psutil.Process().memory_info().rss
    start = time.thread_time()
    while snapshot is None or snapshot.behind:
        snapshot = follower.look()
        blocks += 1
        assert snapshot is not None
    seconds = time.thread_time() - start
    assert snapshot.curves["loss"][0][-1] == 99_999
    assert len(snapshot.curves["loss"][0]) <= 2001
    assert seconds < 3.0  # a shared machine; docs/pretraining-window.md has the idle figure
    assert blocks < 20
    assert (psutil.Process().memory_info().rss - before) / 2**20 < 20
