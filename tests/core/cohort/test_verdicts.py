"""Accepting and rejecting what waits: one action a case, undone and redone, nobody's point lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from medssl.cohort import Cohort, NewLabel, NewPoint
from medssl.geometry import Grid

GRID = Grid.create((20, 30), (0.5, 0.5))


@pytest.fixture
def cohort(tmp_path: Path):
    with Cohort.create(tmp_path / "chest") as made:
        for key in ("a", "b"):
            made.add_case(key, tmp_path / f"{key}.png", key, GRID)
        made.add_landmark("carina")
        made.add_landmark("apex")
        predict(made)
        made.set_labels([NewLabel("a", "finding", "normal", "predicted", 0.7)])
        yield made


def predict(cohort: Cohort) -> None:
    cohort.set_points(
        [
            NewPoint(key, name, (3, 4), None, "predicted", 0.4, "ld")
            for key in ("a", "b")
            for name in ("carina", "apex")
        ]
    )


def said(cohort: Cohort, key: str) -> dict[str, tuple[str, str | None, float | None]]:
    return {p.landmark: (p.source, p.author, p.confidence) for p in cohort.points(key)}


def states(cohort: Cohort) -> dict[str, str]:
    return {case.key: case.state for case in cohort.overview()}


def test_accepting_takes_all_that_waits_in_one_action(cohort: Cohort) -> None:
    cohort.set_point("a", "carina", (9, 9), None, "corrected", author="AB")
    assert cohort.accept("a", "CD") == 2
    assert said(cohort, "a") == {
        "carina": ("corrected", "AB", None),
        "apex": ("manual", "CD", 0.4),
    }
    (label,) = cohort.labels("a")
    assert (label.value, label.source, label.author) == ("normal", "manual", "CD")
    assert states(cohort) == {"a": "reviewed", "b": "predicted"}
    assert cohort.undo() == "accept 2 predictions in a"
    assert said(cohort, "a")["apex"] == ("predicted", None, 0.4)
    assert states(cohort)["a"] == "predicted"
    cohort.redo()
    assert states(cohort)["a"] == "reviewed"
    assert cohort.accept("a") == 0


def test_a_rejected_prediction_stays_away_until_it_is_searched_anew(cohort: Cohort) -> None:
    assert cohort.reject("a", "AB") == 3
    assert cohort.points("a") == []
    assert cohort.labels("a") == []
    assert cohort.overview()[0].labels == {}
    assert states(cohort) == {"a": "reviewed", "b": "predicted"}
    assert {c.landmark: c.predicted for c in cohort.point_counts()} == {"carina": 1, "apex": 1}
    assert cohort.rejected_points() == {("a", "carina"), ("a", "apex")}
    predict(cohort)
    assert cohort.points("a") == []
    assert cohort.search_anew(["carina"]) == 1
    assert set(said(cohort, "a")) == {"carina"}
    cohort.undo()
    assert cohort.points("a") == []
    assert cohort.undo() == "reject 3 predictions in a"
    assert set(said(cohort, "a")) == {"carina", "apex"}


def test_rejecting_never_hides_what_a_person_said(cohort: Cohort) -> None:
    cohort.reject("a")
    cohort.set_point("a", "carina", (5, 5), None, "manual")
    assert said(cohort, "a") == {"carina": ("manual", None, None)}
    cohort.delete_point("a", "carina")
    assert cohort.points("a") == []
    cohort.set_point("b", "carina", (5, 5), None, "manual")
    assert cohort.reject("b") == 1
    assert said(cohort, "b") == {"carina": ("manual", None, None)}


def test_a_removed_landmark_neither_waits_nor_counts(cohort: Cohort) -> None:
    cohort.reject("b")
    for name in ("carina", "apex"):
        cohort.remove_landmark(name)
    assert states(cohort) == {"a": "predicted", "b": "to do"}
    assert cohort.accept("b") == 0
