"""The forecast of a pretraining: what is counted, learned and said."""

from __future__ import annotations

import json
import threading

import pytest
import torch
from accelerate import Accelerator
from torch.utils.flop_counter import FlopCounterMode

from medssl.errors import SettingsError
from medssl.geometry import Grid
from medssl.jobs import forecast_speed
from medssl.jobs.forecast import forecast
from medssl.jobs.forecast_count import count_step
from medssl.jobs.forecast_event import tell_forecast
from medssl.jobs.forecast_shapes import cubic_shape, working_shapes
from medssl.jobs.forecast_speed import Speed, machine_speed
from medssl.nets import Architecture
from medssl.prepare.settings import PrepareSettings
from medssl.presets import ld_recipe
from medssl.pretrain import PretrainSettings, pretrain
from medssl.pretrain.hardware import Hardware
from medssl.pretrain.learner import Learner
from medssl.pretrain.loader import BatchSource
from medssl.pretrain.plan import make_plan
from medssl.runs import RunFolder
from tests.core.pretrain.cohorts import make_cohort, tiny_settings
from tests.core.pretrain.dira import dira_settings

SHAPES = [(64, 64)] * 20


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """A machine of known speed without earlier runs."""
    monkeypatch.setenv("MEDSSL_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr("medssl.jobs.forecast.machine_speed", lambda *_: Speed(1e9, 1e9))


def _settings(form: str = "dense", ndim: int = 2, **values) -> PretrainSettings:
    widths = (8, 16, 16)
    net = Architecture.plain(ndim=ndim, widths=widths, out_stride=2 if form == "dense" else 1)
    recipe = ld_recipe("quick", form, ndim=ndim)
    recipe = recipe.model_copy(update={"architecture": net, "batch": 4, "largest_crop": 64})
    return PretrainSettings(custom=recipe, ndim=ndim, device="cpu", **({"steps": 100} | values))


@pytest.mark.parametrize(("form", "ndim"), [("dense", 2), ("grid", 2), ("dense", 3)])
def test_counted_operations_are_those_of_a_real_step(form, ndim):
    cohort = make_cohort(ndim=ndim)
    plan, division = make_plan(cohort, tiny_settings(form, ndim))
    count = count_step(plan, 0, "float32")
    accelerator = Accelerator(cpu=True)
    learner = Learner(plan, Hardware(torch.device("cpu"), "float32", False), accelerator)
    learner.enter(plan.recipe.stages[0])
    batch = BatchSource(division.training, plan.canvas, plan.recipe.batch, 0).read(0)
    with FlopCounterMode(display=False) as real:
        learner.loss(0, batch, 0)[0].backward()
    assert count.operations == real.get_total_flops()


def test_memory_grows_with_batch_and_shrinks_with_half_precision():
    plan, _ = make_plan(make_cohort(count=8), tiny_settings(recipe={"batch": 2}))
    twice, _ = make_plan(make_cohort(count=8), tiny_settings(recipe={"batch": 4}))
    one = count_step(plan, 0, "float32").peak_bytes
    assert 1.7 < count_step(twice, 0, "float32").peak_bytes / one < 2.3
    assert count_step(plan, 0, "bf16").peak_bytes < 0.85 * one


def test_counting_leaves_no_trace_in_random_numbers():
    torch.manual_seed(7)
    wanted = torch.rand(3)
    torch.manual_seed(7)
    forecast(_settings(), SHAPES)
    assert torch.equal(torch.rand(3), wanted)


def test_steps_give_seconds_and_minutes_give_steps():
    by_steps = forecast(_settings(steps=400, compile="off"), SHAPES)
    assert by_steps.steps == 400
    assert by_steps.seconds >= 400 * by_steps.step_seconds
    by_minutes = forecast(_settings(steps=None, minutes=30, compile="off"), SHAPES)
    assert by_minutes.seconds == 1800
    assert by_minutes.steps == pytest.approx(1800 / by_minutes.step_seconds, rel=0.1)
    assert f"{by_minutes.steps:,} steps in 30 min" in by_minutes.text
    assert by_minutes.basis == "counted"


def test_it_runs_beside_the_window():
    told = []
    thread = threading.Thread(target=lambda: told.append(forecast(_settings(), SHAPES)))
    thread.start()
    thread.join()
    assert told == [forecast(_settings(), SHAPES)]


@pytest.mark.parametrize("form", ["dense", "grid"])
def test_a_batch_that_fits_is_named_when_memory_is_short(form, monkeypatch):
    needed = forecast(_settings(form, batch=16), SHAPES).memory_mb
    free = needed - 20
    monkeypatch.setattr("medssl.jobs.forecast.free_memory_mb", lambda _: free)
    told = forecast(_settings(form, batch=16), SHAPES)
    assert 1 <= told.fitting_batch < 16
    assert f"take a batch of {told.fitting_batch} instead of 16" in told.warning
    smaller = forecast(_settings(form, batch=told.fitting_batch), SHAPES)
    assert smaller.memory_mb <= free
    assert smaller.warning == ""


def test_too_little_memory_for_any_batch_is_said(monkeypatch):
    monkeypatch.setattr("medssl.jobs.forecast.free_memory_mb", lambda _: 100)
    told = forecast(_settings(), SHAPES)
    assert told.fitting_batch == 0
    assert "too little for any batch" in told.warning


def test_earlier_runs_of_the_same_kind_correct_the_forecast(tmp_path):
    settings = _settings()
    fresh = forecast(settings, SHAPES)
    for number, slower in enumerate((1.5, 2.0, 9.0)):
        _earlier(tmp_path / "runs" / f"run{number}", fresh.counted, slower, 1.25)
    learned = forecast(settings, SHAPES)
    assert learned.basis == "measured before"
    assert learned.step_seconds == pytest.approx(2 * fresh.step_seconds, rel=1e-3)
    assert learned.memory_mb == pytest.approx(1.25 * fresh.memory_mb, rel=0.01)
    assert "3 earlier runs" in learned.text
    assert forecast(_settings("grid"), SHAPES).basis == "counted"
    assert forecast(settings, SHAPES, history=tmp_path / "elsewhere").basis == "counted"


def test_damaged_earlier_runs_are_passed_over(tmp_path):
    settings = _settings()
    fresh = forecast(settings, SHAPES)
    _earlier(tmp_path / "runs" / "whole", fresh.counted, 3.0, 1.0)
    _earlier(tmp_path / "runs" / "odd", fresh.counted | {"step_seconds": "soon"}, 5.0, 1.0)
    torn = tmp_path / "runs" / "torn"
    torn.mkdir()
    (torn / "events.jsonl").write_text('{"kind": "forecast", "counted": [1]}\n{"kind": "fore')
    learned = forecast(settings, SHAPES)
    assert learned.step_seconds == pytest.approx(3 * fresh.step_seconds, rel=1e-3)


def _earlier(folder, counted, slower, larger):
    run = RunFolder(folder)
    run.write_job({"verb": "pretrain"})
    run.event("forecast", basis="counted", counted=counted)
    seconds, memory = counted["step_seconds"], counted["memory_mb"]
    seconds = seconds * slower if isinstance(seconds, float) else seconds
    run.event(
        "forecast", basis="measured now", step_seconds=seconds, memory_mb=round(memory * larger)
    )


def test_a_run_tells_after_its_first_steps_what_they_took(tmp_path):
    pretrain(make_cohort(), tiny_settings(steps=12), tmp_path / "run")
    events = RunFolder(tmp_path / "run").events()
    told = [event for event in events if event["kind"] == "forecast"]
    assert len(told) == 1
    assert told[0]["basis"] == "measured now"
    assert told[0]["step"] < told[0]["steps"] == 12
    assert 0 < told[0]["step_seconds"] < told[0]["seconds"]
    assert told[0]["memory_mb"] > 100


def test_a_new_run_is_told_before_it_starts(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.write_job({})
    tell_forecast(run, _settings(steps=60), SHAPES)
    tell_forecast(run, _settings(steps=10), SHAPES)
    told = [event for event in run.events() if event["kind"] == "forecast"]
    assert [event["steps"] for event in told] == [60]
    assert told[0]["counted"]["of"]["device"] == "cpu"
    run.write_job({"plan": {}})
    tell_forecast(run, _settings(steps=60), SHAPES)
    assert len([event for event in run.events() if event["kind"] == "forecast"]) == 1


def test_disk_holds_checkpoints_and_prepared_images():
    few, many = (forecast(_settings(), [(64, 64)] * count).disk_mb for count in (10, 2010))
    pixels = 2000 * 256 * 256 * 2 / 2**20
    assert many - few == pytest.approx(pixels, rel=0.3)


def test_sizes_of_files_become_sizes_of_the_working_grid():
    settings = PrepareSettings(ndim=2, longest_side=256)
    assert working_shapes([(1024, 512), (1, 30, 60)], settings) == [(256, 128), (128, 256)]
    volumes = PrepareSettings(ndim=3)
    thick = cubic_shape(Grid.create((30, 512, 512), (5.0, 0.5, 0.5)))
    assert working_shapes([thick, (9, 9)], volumes) == [(112, 192, 192)]
    with pytest.raises(SettingsError, match="no 3-D image"):
        working_shapes([(9, 9)], volumes)


def test_the_speed_of_the_machine_is_the_best_of_late(tmp_path, monkeypatch):
    device = torch.device("cpu")
    measured = [Speed(5.0, 2.0), Speed(3.0, 4.0)]
    monkeypatch.setattr(forecast_speed, "measure_speed", lambda *_: measured.pop(0))
    for wanted in (Speed(5.0, 2.0), Speed(5.0, 4.0)):
        machine_speed.cache_clear()
        assert machine_speed(device, "float32", 1, tmp_path) == wanted
    (tmp_path / "speed.json").write_text(json.dumps({"any": [1]}))
    measured.append(Speed(1.0, 1.0))
    machine_speed.cache_clear()
    assert machine_speed(device, "float32", 1, tmp_path) == Speed(1.0, 1.0)
    machine_speed.cache_clear()


def test_a_speed_is_measured_in_no_time():
    speed = forecast_speed.measure_speed(torch.device("cpu"), "float32")
    assert speed.operations > 1e8
    assert speed.moved_bytes > 1e7


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("kind", ["moco", "barlow", "simsiam", "words"])
def test_every_stage_of_dira_can_be_counted(kind, ndim):
    plan, _ = make_plan(make_cohort(4, ndim=ndim), dira_settings(kind, ndim))
    first, second, third = (count_step(plan, number, "float32") for number in range(3))
    assert 0 < first.operations < second.operations < third.operations
