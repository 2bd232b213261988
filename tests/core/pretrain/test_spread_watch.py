"""A collapse is said early, and nothing is said of what is healthy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from medssl.pretrain import Optimiser, PretrainSettings, Schedule, pretrain
from medssl.pretrain.result import RunResult
from medssl.pretrain.spread_watch import SpreadWatch
from medssl.pretrain.trainer import EVENTS_A_RUN
from medssl.runs import RunFolder

from .cohorts import make_cohort
from .dira import dira_settings

LENGTHS = (30, 33, 40, 59, 77, 99, 100, 101, 300, 599, 600, 650, 3000, 540_000)
WORDS = "tells images apart has collapsed"


def said_at(steps: int, spread: Callable[[float], float], name: str = "image_spread") -> list[int]:
    """Steps at which it is said; ``spread`` is asked for the value at a share of the steps."""
    watch, every = SpreadWatch(steps), max(1, steps // EVENTS_A_RUN)
    events = sorted({1, *range(every, steps + 1, every), steps})
    return [done for done in events if watch.see(done, {name: spread(done / steps)})]


@pytest.mark.parametrize("steps", LENGTHS)
def test_a_collapse_from_the_start_is_said_in_the_first_tenth(steps: int) -> None:
    rng = np.random.default_rng(steps)
    for collapsed in (lambda _: 0.0, lambda _: 0.06, lambda _: rng.uniform(0, 0.02)):
        (done,) = said_at(steps, collapsed)
        assert done <= steps / 10


@pytest.mark.parametrize("steps", [3, 8, 20, 29])
def test_a_tenth_of_less_than_three_steps_takes_three_events(steps: int) -> None:
    assert said_at(steps, lambda _: 0.01) == [3]


@pytest.mark.parametrize("steps", [*LENGTHS, 8, 20])
def test_what_is_healthy_is_not_spoken_of(steps: int) -> None:
    rng = np.random.default_rng(steps)
    assert said_at(steps, lambda _: rng.uniform(0.12, 1)) == []
    uneven = iter(range(10**7))
    assert said_at(steps, lambda _: 0.05 if next(uneven) % 3 else 0.15) == []


@pytest.mark.parametrize("steps", LENGTHS)
def test_a_net_that_only_begins_to_tell_images_apart_is_given_time(steps: int) -> None:
    """It starts with all images nearly alike, and doubles their spread again and again."""
    assert said_at(steps, lambda share: min(0.8, 0.02 * 2 ** (share * 80))) == []
    (done,) = said_at(steps, lambda share: min(0.08, 0.02 * 2 ** (share * 80)))
    assert done < steps / 5 + 5 * max(1, steps // EVENTS_A_RUN)


@pytest.mark.parametrize("steps", [100, 3000])
def test_a_later_collapse_takes_five_events(steps: int) -> None:
    (done,) = said_at(steps, lambda share: 0.01 if share > 0.5 else 0.7)
    assert done == pytest.approx(steps / 2 + 5 * max(1, steps // EVENTS_A_RUN), abs=1)


def test_the_embedding_is_watched_from_the_first_step() -> None:
    assert said_at(3000, lambda _: 0.01, "spread") == [40]
    assert said_at(40, lambda _: 0.01, "spread") == [5]


def images_told_apart(kind: str, steps: int, lr: float, folder: Path) -> RunResult:
    settings: PretrainSettings = dira_settings(kind, steps=steps)
    changes = {"optimiser": Optimiser(lr=lr), "schedule": Schedule(warmup_steps=0), "batch": 4}
    custom = settings.custom.model_copy(update=changes)
    return pretrain(make_cohort(8), settings.model_copy(update={"custom": custom}), folder)


def test_a_run_that_collapses_says_so_in_its_first_tenth(tmp_path: Path) -> None:
    """Keys and queries that a huge learning rate throws about all end in one direction."""
    result = images_told_apart("moco", 60, 1.0, tmp_path)
    assert sum(WORDS in warning for warning in result.warnings) == 1
    events = RunFolder(tmp_path).events()
    said = next(n for n, event in enumerate(events) if WORDS in event.get("message", ""))
    assert max(event["step"] for event in events[:said] if event["kind"] == "metric") <= 6


@pytest.mark.parametrize("kind", ["moco", "barlow", "simsiam"])
def test_a_healthy_run_says_nothing_of_it(tmp_path: Path, kind: str) -> None:
    result = images_told_apart(kind, 40, 1e-3, tmp_path)
    assert not any(WORDS in warning for warning in result.warnings)
    assert sum("image_spread" in event for event in result.history) == 40
