"""Scores and intervals against what can be computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medssl.evaluate.bootstrap import interval
from medssl.evaluate.scores import auc, dice


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=30))
def test_auc_counts_pairs(rows: list[tuple[int, bool]]) -> None:
    scores = np.array([[float(score)] for score, _ in rows])
    present = np.array([[there] for _, there in rows])
    pairs = [
        1.0 if a > b else 0.5 if a == b else 0.0
        for a, first in rows
        if first
        for b, second in rows
        if not second
    ]
    found = auc(scores, present)[0]
    if pairs:
        assert found == pytest.approx(np.mean(pairs))
    else:
        assert np.isnan(found)


def test_auc_of_several_seeds_and_classes() -> None:
    rng = np.random.default_rng(0)
    scores, present = rng.random((4, 20, 3)), rng.random((20, 3)) > 0.5
    together = auc(scores, present)
    assert together.shape == (4, 3)
    assert np.allclose(together[2], auc(scores[2], present))


def test_dice() -> None:
    truth = np.array([True, True, False, False])
    assert dice(truth, truth) == 1
    assert dice(~truth, truth) == 0
    assert dice(np.array([True, False, True, False]), truth) == 0.5
    assert dice(truth, np.zeros(4, np.bool_)) is None


def test_intervals_cover_as_often_as_they_say() -> None:
    rng = np.random.default_rng(3)
    hits = 0
    for trial in range(120):
        values = rng.normal(0.3, 1, (1, 60))

        def mean(seeds: np.ndarray, cases: np.ndarray, values: np.ndarray = values) -> float:
            return float(values[np.ix_(seeds, cases)].mean())

        low, high = interval(mean, 1, np.zeros(60, int), 300, trial)
        hits += low <= 0.3 <= high
    assert 0.88 <= hits / 120 <= 0.99


def test_intervals_see_seeds_and_keep_classes() -> None:
    values = np.repeat([[0.0], [1.0], [2.0]], 10, axis=1)  # differs by seed only
    strata = np.array([0] * 9 + [1])

    def mean(seeds: np.ndarray, cases: np.ndarray) -> float:
        assert (strata[cases] == 1).sum() == 1
        return float(values[np.ix_(seeds, cases)].mean())

    low, high = interval(mean, 3, strata, 400)
    assert low < 0.7
    assert high > 1.3
