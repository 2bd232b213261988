"""Which case comes next."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medssl.embed import embed_cohort, open_embedder
from medssl.io import list_images
from medssl.phantom import write_cohort
from medssl.prepare import prepare_cohort
from medssl.review import (
    Waiting,
    case_descriptors,
    least_sure,
    most_different,
    next_case,
    review_order,
)
from medssl.review.order import MOST_COMPARED


def _on_a_line(**places: float) -> dict[str, NDArray[np.float64]]:
    return {key: np.array([place]) for key, place in places.items()}


def test_the_least_sure_prediction_of_a_case_decides() -> None:
    waiting = [Waiting("a", 0.9), Waiting("b", 0.5), Waiting("a", 0.2), Waiting("c", None)]
    assert least_sure(waiting) == ["c", "a", "b"]
    assert least_sure([]) == []


def test_the_most_different_is_farthest_from_all_that_was_seen() -> None:
    places = _on_a_line(a=0, b=1, c=10, d=6)
    assert most_different(places, ["a"]) == ["c", "d", "b"]
    assert most_different(places, ["a", "c"], count=1) == ["d"]
    assert most_different(places, list(places)) == []


def test_without_annotations_the_most_usual_case_comes_first() -> None:
    assert most_different(_on_a_line(a=0, b=4, c=5, d=11), []) == ["c", "d", "a", "b"]


def test_an_annotated_case_without_descriptor_does_not_count() -> None:
    assert most_different(_on_a_line(a=0, b=1), ["elsewhere"], count=1) == ["a"]


def test_unsure_cases_come_first_but_no_copies_of_those_just_seen() -> None:
    places = _on_a_line(done=0, copy=0.01, near=4, far=5, sure=9)
    waiting = [Waiting("copy", 0.1), Waiting("near", 0.2), Waiting("far", 0.2), Waiting("sure", 1)]
    order = review_order(waiting, places, ["done"])
    assert order[0] in ("near", "far")
    assert order[-1] == "copy"
    assert sorted(order) == ["copy", "far", "near", "sure"]


def test_a_case_that_speaks_for_many_comes_before_an_odd_one() -> None:
    many = {f"m{n}": 5 + 0.1 * n for n in range(9)}
    places = _on_a_line(done=0, odd=-7, **many)
    waiting = [Waiting(key, 0.3) for key in places if key != "done"]
    first, second = review_order(waiting, places, ["done"], count=2)
    assert first == "m4"
    assert second == "odd"


def test_without_descriptors_it_is_the_least_sure() -> None:
    waiting = [Waiting("a", 0.9), Waiting("b", 0.5), Waiting("c", 0.7)]
    assert review_order(waiting) == ["b", "c", "a"]
    assert review_order(waiting, {}, count=2) == ["b", "c"]
    assert review_order([], {}) == []


def test_every_case_of_a_large_cohort_comes_once() -> None:
    rng = np.random.default_rng(0)
    keys = [f"{n}" for n in range(MOST_COMPARED + 300)]
    places = {key: rng.normal(size=3) for key in keys}
    waiting = [Waiting(key, rng.random()) for key in keys]
    order = review_order(waiting, places)
    assert sorted(order) == sorted(keys)
    assert len(review_order(waiting, places, count=7)) == 7


def test_what_was_put_off_comes_when_nothing_else_waits() -> None:
    waiting = [Waiting("a", 0.9), Waiting("b", 0.5)]
    assert next_case(waiting) == "b"
    assert next_case(waiting, skipped=["b"]) == "a"
    assert next_case(waiting, skipped=["a", "b"]) == "b"
    assert next_case([]) is None


def test_descriptors_of_a_cohort_are_standardised(tmp_path: Path) -> None:
    made = write_cohort(tmp_path / "phantoms", 4, ndim=2, seed=1, size=96)
    embedder = open_embedder("instant")
    prepared = prepare_cohort(list_images(made.images), embedder.settings)
    vectors = case_descriptors(embed_cohort(prepared, embedder))
    table = np.stack(list(vectors.values()))
    assert list(vectors) == [case.key for case in prepared.cases]
    assert np.allclose(table.mean(0), 0, atol=1e-5)
    apart = np.linalg.norm(table[:, None] - table[None], axis=-1)
    assert np.isclose((apart**2).sum() / 16, 2, rtol=0.1)
