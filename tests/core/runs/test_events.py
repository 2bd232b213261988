"""Events are followed while they are written, and never block or break a viewer."""

from __future__ import annotations

import json
import time
from pathlib import Path

import psutil
import pytest

from medssl.runs import Curve, EventReader, RunFolder, read_events


def line(**values: object) -> bytes:
    return json.dumps({"t": 1.0, "kind": "metric", **values}).encode() + b"\n"


@pytest.fixture
def events(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def steps(found: list[dict]) -> list[int]:
    return [event["step"] for event in found]


def test_nothing_yet(tmp_path: Path) -> None:
    assert EventReader(tmp_path).read() == []


def test_a_torn_line_waits_for_its_rest(tmp_path: Path, events: Path) -> None:
    whole = line(step=1) + line(step=2)
    reader = EventReader(tmp_path)
    events.write_bytes(whole[:-9])
    assert steps(reader.read()) == [1]
    assert reader.read() == []
    events.write_bytes(whole)
    assert steps(reader.read()) == [2]
    assert EventReader(tmp_path, offset=reader.offset).read() == []


@pytest.mark.parametrize("bad", [b"{nonsense\n", b"[1]\n", b"\xff\xfe\n", b'{"kind": 3}\n', b"\n"])
def test_a_bad_line_is_skipped(tmp_path: Path, events: Path, bad: bytes) -> None:
    events.write_bytes(line(step=1) + bad + line(step=2))
    assert steps(EventReader(tmp_path).read()) == [1, 2]
    assert steps(read_events(tmp_path)) == [1, 2]


def test_a_shrunken_file_is_read_from_its_start(tmp_path: Path, events: Path) -> None:
    reader = EventReader(tmp_path)
    events.write_bytes(line(step=1) + line(step=2))
    reader.read()
    events.write_bytes(line(step=7))
    assert steps(reader.read()) == [7]
    assert reader.restarts == 1


def test_a_read_is_bounded(tmp_path: Path, events: Path) -> None:
    events.write_bytes(b"".join(line(step=step) for step in range(100)))
    reader = EventReader(tmp_path)
    found = []
    while block := reader.read(limit_bytes=200):
        assert len(block) <= 200 / 30
        found += steps(block)
    assert found == list(range(100))


def test_a_line_without_end_is_passed_over(tmp_path: Path, events: Path) -> None:
    events.write_bytes(line(step=1) + b"x" * 5000 + b"\n" + line(step=2))
    reader = EventReader(tmp_path)
    found = [event for _ in range(60) for event in reader.read(limit_bytes=100)]
    assert steps(found) == [1, 2]


def test_an_event_after_a_torn_one_is_whole(tmp_path: Path, events: Path) -> None:
    """A killed process may leave half a line; the next one ends it."""
    events.write_bytes(line(step=1) + b'{"kind": "met')
    RunFolder(tmp_path).event("metric", step=2)
    assert steps(read_events(tmp_path)) == [1, 2]


def test_attaching_to_a_hundred_thousand_events(tmp_path: Path, events: Path) -> None:
    """Generous bounds, for a busy machine: `benchmarks/attach.py` reports the figures."""
    values = {"stage": "dense", "lr": 0.001, "images_per_second": 9.5, "seconds_left": 10.0}
    with events.open("wb") as file:
        for step in range(100_000):
            file.write(line(step=step, steps=100_000, loss=1 / (step + 1), **values))
    memory = psutil.Process().memory_info
    before, begun = memory().rss, time.perf_counter()
    reader, curve = EventReader(tmp_path), Curve()
    while block := reader.read():
        for event in block:
            curve.add(event["step"], event["loss"])
    assert time.perf_counter() - begun < 8
    assert memory().rss - before < 20e6
    assert curve.steps[0] == 0
    assert curve.steps[-1] == 99_999


def test_a_curve_keeps_its_shape_in_bounded_memory() -> None:
    curve = Curve(capacity=50)
    for step in range(1, 5001):
        curve.add(step, step**0.5)
    assert len(curve.steps) <= 51
    assert (curve.steps[1:] > curve.steps[:-1]).all()
    assert (curve.steps[0], curve.steps[-1]) == (1, 5000)
    assert curve.values.tolist() == [float(step) ** 0.5 for step in curve.steps]
    assert max(curve.steps[1:] - curve.steps[:-1]) <= 5000 / 20


def test_a_curve_forgets_what_a_resumed_run_repeats() -> None:
    curve = Curve()
    for step in (1, 2, 3, 4, 3, 4, 5):
        curve.add(step, float(step))
    assert curve.steps.tolist() == [1, 2, 3, 4, 5]
