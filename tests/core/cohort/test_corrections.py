"""What had been found where a person has put a point is kept, through everything that follows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from medssl.cohort import DATABASE, Cohort, UnknownEntryError, schema
from medssl.cohort.merging import merge_cohorts
from medssl.cohort.migrations import MIGRATIONS
from medssl.geometry import Grid

FILM = Grid.create((100, 80))
VOLUME = Grid.create((9, 9, 9), (3.0, 0.5, 0.5), (1.0, 2.0, 3.0))


def _new(folder: Path) -> Cohort:
    cohort = Cohort.create(folder)
    cohort.add_case("a.png", "/images/a.png", "fa", FILM)
    cohort.add_case("b.png", "/images/b.png", "fb", FILM)
    cohort.add_case("v.nii", "/images/v.nii", "fv", VOLUME)
    cohort.add_landmark("carina")
    return cohort


@pytest.fixture
def cohort(tmp_path: Path) -> Iterator[Cohort]:
    with _new(tmp_path / "c") as cohort:
        yield cohort


def find(cohort: Cohort, key: str, *place: float, confidence: float = 0.4) -> None:
    cohort.set_point(key, "carina", place, None, "predicted", confidence, "net")


def test_a_correction_keeps_what_had_been_found(cohort: Cohort) -> None:
    find(cohort, "a.png", 10, 20)
    cohort.set_point("a.png", "carina", (13, 24), None, "corrected", author="AB")
    cohort.clear_predictions()
    find(cohort, "a.png", 50, 50, confidence=0.9)
    (one,) = cohort.corrections()
    assert (one.case_key, one.landmark, one.author) == ("a.png", "carina", "AB")
    assert (one.found_vox, one.point_vox) == ((10, 20), (13, 24))
    assert (one.confidence, one.model, one.source) == (0.4, "net", "corrected")
    assert (one.distance, one.unit) == (5.0, "px")


def test_distances_are_in_the_unit_of_the_grid(cohort: Cohort) -> None:
    find(cohort, "v.nii", 1, 4, 4)
    cohort.set_point("v.nii", "carina", (2, 4, 4), None, "corrected")
    (one,) = cohort.corrections()
    assert (one.distance, one.unit) == (pytest.approx(3.0), "mm")
    assert one.found_world == pytest.approx((3.0, 4.0, 6.0))


def test_an_accepted_point_has_no_error(cohort: Cohort) -> None:
    find(cohort, "a.png", 10, 20)
    cohort.set_point("a.png", "carina", (10, 20), None, "manual", 0.4)
    (one,) = cohort.corrections()
    assert (one.distance, one.confidence, one.source) == (0.0, 0.4, "manual")


def test_a_first_click_answers_nothing(cohort: Cohort) -> None:
    cohort.set_point("a.png", "carina", (10, 20), None, "manual")
    find(cohort, "a.png", 50, 50)
    cohort.set_point("a.png", "carina", (11, 20), None, "corrected")
    assert cohort.corrections() == []


def test_a_second_thought_answers_what_was_seen_first(cohort: Cohort) -> None:
    find(cohort, "a.png", 10, 20)
    cohort.set_point("a.png", "carina", (10, 21), None, "corrected")
    find(cohort, "a.png", 70, 70)
    cohort.set_point("a.png", "carina", (10, 22), None, "corrected")
    (one,) = cohort.corrections()
    assert (one.found_vox, one.distance) == ((10, 20), 2.0)


def test_undo_and_redo_take_it_along(cohort: Cohort) -> None:
    find(cohort, "a.png", 10, 20)
    cohort.set_point("a.png", "carina", (10, 21), None, "corrected")
    before = cohort.corrections()
    cohort.undo()
    assert cohort.corrections() == []
    find(cohort, "a.png", 70, 70)
    cohort.redo()
    assert cohort.corrections() == before


def test_a_deleted_point_is_found_and_corrected_anew(cohort: Cohort) -> None:
    find(cohort, "a.png", 10, 20)
    cohort.set_point("a.png", "carina", (10, 21), None, "corrected")
    find(cohort, "a.png", 70, 70)
    cohort.delete_point("a.png", "carina")
    assert cohort.corrections() == []
    cohort.set_point("a.png", "carina", (70, 73), None, "corrected")
    assert [one.distance for one in cohort.corrections()] == [3.0]
    cohort.undo()
    cohort.undo()
    assert [one.distance for one in cohort.corrections()] == [1.0]


def test_a_removed_landmark_has_none(cohort: Cohort) -> None:
    find(cohort, "a.png", 10, 20)
    cohort.set_point("a.png", "carina", (10, 21), None, "corrected")
    cohort.add_landmark("apex")
    assert cohort.corrections("apex") == []
    cohort.remove_landmark("carina")
    assert cohort.corrections() == []
    with pytest.raises(UnknownEntryError):
        cohort.corrections("carina")


def test_a_merge_takes_it_along(cohort: Cohort, tmp_path: Path) -> None:
    with _new(tmp_path / "other") as other:
        for key, place in (("a.png", (10, 20)), ("v.nii", (1, 4, 4))):
            find(other, key, *place)
            other.set_point(key, "carina", (1, 1, 1)[: len(place)], None, "corrected")
        find(other, "b.png", 10, 20)
        theirs = other.corrections()
        merge_cohorts(cohort, other)
        assert cohort.corrections() == theirs
        cohort.undo()
        assert cohort.corrections() == []


def test_a_database_of_schema_2_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", MIGRATIONS[:2])
        path = Cohort.create(tmp_path / "old").path
    connection = sqlite3.connect(path / DATABASE)
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    connection.close()
    with Cohort.open(path) as cohort:
        cohort.add_case("a.png", "/images/a.png", "fa", FILM)
        cohort.add_landmark("carina")
        find(cohort, "a.png", 10, 20)
        cohort.set_point("a.png", "carina", (10, 21), None, "corrected")
        assert [one.distance for one in cohort.corrections()] == [1.0]
