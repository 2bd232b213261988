"""The foot of a dock: how far the work is, and about how long it still takes."""

from __future__ import annotations

from typing import Any

import pytest

from napari_medssl.widgets import foot as module
from napari_medssl.widgets.foot import Foot


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def foot(qapp: Any, clock: list[float]) -> Foot:
    made = Foot(lambda: None)
    made.set_busy(True)
    return made


def test_another_part_of_the_work_has_an_estimate_of_its_own(
    foot: Foot, clock: list[float]
) -> None:
    for done in range(5):
        foot.progress(done, 16, "Preparing")
        clock[0] += 10
    foot.progress(5, 16, "Preparing")
    assert foot.status.text() == "Preparing · 5 of 16 · about 2 min left"
    foot.progress(1, 60, "Learning")
    assert foot.status.text() == "Learning · 1 of 60", "the seconds before are not of this part"
    clock[0] += 4
    foot.progress(5, 60, "Learning")
    assert foot.status.text() == "Learning · 5 of 60 · about 60 s left"


def test_work_that_is_found_half_done_is_not_told_to_end_at_once(
    foot: Foot, clock: list[float]
) -> None:
    foot.progress(40, 60, "Learning")
    clock[0] += 5
    foot.progress(41, 60, "Learning")
    assert foot.status.text() == "Learning · 41 of 60 · about 2 min left"


def test_the_same_work_begun_anew_is_estimated_anew(foot: Foot, clock: list[float]) -> None:
    foot.progress(0, 10, "Finding")
    clock[0] += 50
    foot.progress(9, 10, "Finding")
    foot.progress(0, 10, "Writing")
    clock[0] += 4
    foot.progress(2, 10, "Writing")
    assert foot.status.text() == "Writing · 2 of 10 · about 20 s left"
