"""The error that is left, from the corrections so far."""

from __future__ import annotations

import numpy as np
import pytest

from medssl.review import FEWEST, Reviewed, expected_error


def _draw(rng: np.random.Generator, count: int) -> list[Reviewed]:
    """Errors that fall with the confidence: 10 (1 - c) in the mean, with scatter."""
    sure = rng.random(count)
    return [Reviewed(c, 10 * (1 - c) * rng.gamma(4) / 4) for c in sure]


def test_a_handful_is_needed() -> None:
    few = [Reviewed(0.5, 2.0)] * (FEWEST - 1)
    assert expected_error(few, [0.5]) is None
    assert expected_error([*few, Reviewed(0.5, 2.0)], []) is None
    found = expected_error([*few, Reviewed(0.5, 2.0)], [0.5, 0.9])
    assert found is not None
    assert found.mean == pytest.approx(2.0)
    assert (found.reviewed, found.waiting) == (FEWEST, 2)


def test_surer_ones_are_expected_to_be_better() -> None:
    reviewed = _draw(np.random.default_rng(0), 60)
    unsure, sure = (expected_error(reviewed, [c] * 5) for c in (0.1, 0.9))
    assert unsure is not None
    assert sure is not None
    assert unsure.mean > 2 * sure.mean


def test_nothing_is_promised_beyond_what_was_seen() -> None:
    reviewed = [one for one in _draw(np.random.default_rng(1), 80) if one.confidence < 0.5]
    found = expected_error(reviewed, [0.99] * 10)
    assert found is not None
    assert found.mean > 3


def test_confidence_that_says_nothing_gives_the_mean() -> None:
    rng = np.random.default_rng(2)
    reviewed = [Reviewed(c, 4.0 + c) for c in rng.random(200)]  # surer and worse: not believed
    found = expected_error(reviewed, [0.1, 0.9])
    assert found is not None
    assert found.mean == pytest.approx(4.5, abs=0.1)


@pytest.mark.parametrize("count", [8, 25, 60])
def test_the_interval_holds_what_it_promises(count: int) -> None:
    """The least sure are reviewed; nine of ten intervals are to hold the rest's mean error."""
    held = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        everything = sorted(_draw(rng, 120))
        reviewed = rng.permutation(len(everything))[:count]
        waiting = [one for row, one in enumerate(everything) if row not in set(reviewed.tolist())]
        found = expected_error([everything[row] for row in reviewed], [w[0] for w in waiting])
        assert found is not None
        truth = np.mean([one.error for one in waiting])
        held.append(found.low <= truth <= found.high)
    assert np.mean(held) > 0.8
