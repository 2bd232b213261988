"""The share of its time that a training waits for data."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from medssl.errors import Cancelled
from medssl.pretrain import pretrain
from medssl.pretrain.loader import BatchSource
from medssl.pretrain.result import read_result
from medssl.runs import RunFolder
from medssl.views.batch import ImageBatch

from .cohorts import make_cohort, tiny_settings

SLOW_SECONDS = 0.1


def slow_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = BatchSource.read

    def read(source: BatchSource, step: int) -> ImageBatch:
        time.sleep(SLOW_SECONDS)
        return quick(source, step)

    monkeypatch.setattr(BatchSource, "read", read)


def test_a_slow_disk_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow_reading(monkeypatch)
    result = pretrain(make_cohort(), tiny_settings(steps=8), tmp_path)
    shares = [event["waiting_share"] for event in result.history]
    assert shares[0] is None
    assert all(0 < share <= 1 for share in shares[1:])
    assert result.waiting_share is not None
    waited = result.waiting_share * result.seconds
    assert SLOW_SECONDS <= waited <= 8 * SLOW_SECONDS + 1
    done = RunFolder(tmp_path).events()[-1]
    assert done["state"] == "done"
    assert done["waiting_share"] == read_result(RunFolder(tmp_path)).waiting_share


def test_what_is_read_ahead_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step that takes longer than reading hides it."""
    slow_reading(monkeypatch)

    def slow_step(done: int, _total: int, _message: str) -> None:
        time.sleep(2 * SLOW_SECONDS)

    slow = pretrain(make_cohort(), tiny_settings(steps=8), tmp_path / "hidden", slow_step)
    bare = pretrain(make_cohort(), tiny_settings(steps=8), tmp_path / "bare")
    assert slow.history[-1]["waiting_share"] < 0.2
    assert slow.history[-1]["waiting_share"] < 0.5 * bare.history[-1]["waiting_share"]


def test_a_resumed_run_tells_of_its_earlier_attempts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_reading(monkeypatch)

    def stop(done: int, _total: int, _message: str) -> None:
        if done == 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        pretrain(make_cohort(), tiny_settings(steps=6), tmp_path, stop)
    monkeypatch.undo()
    result = pretrain(make_cohort(), tiny_settings(steps=6), tmp_path)
    assert result.waiting_share is not None
    assert result.waiting_share * result.seconds > 2 * SLOW_SECONDS
