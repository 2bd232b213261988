"""Two people who look at the same images: whose point is whose, and how far they agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from medssl.cohort import Cohort, NewLabel, NewPoint
from medssl.cohort.agreement import (
    agreement_on_labels,
    agreement_on_points,
    kappa_of,
    pairs_of_points,
)
from medssl.cohort.merging import merge_cohorts
from medssl.geometry import Grid


def new(folder: Path, images: int) -> Cohort:
    cohort = Cohort.create(folder)
    grid = Grid.create((64, 64), (0.5, 0.5))
    for number in range(images):
        cohort.add_case(f"{number}.png", f"/x/{number}.png", f"content {number}", grid)
    cohort.add_landmark("carina")
    return cohort


def place(cohort: Cohort, number: int, vox: tuple[float, float], author: str | None) -> None:
    point = NewPoint(f"{number}.png", "carina", vox, None, "manual", author=author)
    cohort.set_points([point])


@pytest.fixture
def cohort(tmp_path: Path) -> Cohort:
    return new(tmp_path / "chest", 12)


def test_the_first_person_s_point_stays_as_a_second_reading(cohort: Cohort) -> None:
    place(cohort, 0, (10, 10), "AB")
    place(cohort, 0, (10, 16), "CD")
    (point,) = cohort.points()
    assert (point.author, point.point_vox) == ("CD", (10, 16))
    (second,) = cohort.alternatives()
    assert (second.author, second.origin, second.found[1:3]) == ("AB", "chest", (10, 10))
    place(cohort, 0, (10, 17), "CD")
    assert len(cohort.alternatives()) == 1
    place(cohort, 0, (11, 10), "AB")
    (second,) = cohort.alternatives()
    assert (second.author, second.found[1:3]) == ("CD", (10, 17))
    for _ in range(3):
        cohort.undo()
    assert cohort.points()[0].author == "AB"
    assert cohort.alternatives() == []


def test_distances_are_those_that_were_put_in(cohort: Cohort) -> None:
    moves = np.random.default_rng(0).normal((0, 4), (1, 2), (12, 2))  # voxels of 0.5 mm
    for number, move in enumerate(moves):
        place(cohort, number, (20, 20), "AB")
        place(cohort, number, tuple(np.array((20, 20)) + move), "CD")
    (found,) = agreement_on_points(pairs_of_points(cohort))
    distances = np.linalg.norm(moves, axis=1) / 2
    assert (found.people, found.n, found.unit) == (("AB", "CD"), 12, "mm")
    assert found.mean == pytest.approx(distances.mean())
    assert found.median == pytest.approx(np.median(distances))
    assert found.within == pytest.approx(np.quantile(distances, 0.95))
    x = moves[:, 1] / 2
    low, high = found.limits[0]
    assert (low + high) / 2 == pytest.approx(x.mean())
    assert high - low == pytest.approx(2 * 1.96 * x.std(ddof=1))


def test_the_spread_of_one_person_is_found_again(cohort: Cohort, tmp_path: Path) -> None:
    chance = np.random.default_rng(1)
    other = new(tmp_path / "many", 300)
    for number in range(300):
        for author in ("AB", "CD"):
            place(other, number, tuple(chance.normal(30, 3, 2)), author)
    (found,) = agreement_on_points(pairs_of_points(other))
    assert found.spread == pytest.approx(1.5, rel=0.06)  # 3 voxels of 0.5 mm
    other.close()


def test_people_who_worked_apart_are_compared_after_a_merge(cohort: Cohort, tmp_path: Path) -> None:
    place(cohort, 0, (10, 10), "AB")
    place(cohort, 1, (10, 10), "AB")
    with new(tmp_path / "second", 12) as other:
        place(other, 0, (10, 14), "CD")
        place(other, 1, (13, 14), None)
        merge_cohorts(cohort, other)
    found = agreement_on_points(pairs_of_points(cohort))
    assert [(one.people, one.n, one.mean) for one in found] == [
        (None, 2, pytest.approx(2.25)),
        (("(second)", "AB"), 1, pytest.approx(2.5)),
        (("AB", "CD"), 1, pytest.approx(2.0)),
    ]
    assert [one.limits for one in found] == [None, None, None]


def test_labels_are_compared_beyond_chance(cohort: Cohort) -> None:
    said = [("1", "1")] * 4 + [("0", "0")] * 5 + [("1", "0")] * 2 + [("0", "1")]
    for number, values in enumerate(said):
        for author, value in zip(("AB", "CD"), values, strict=True):
            cohort.set_labels([NewLabel(f"{number}.png", "effusion", value, author=author)])
    (found,) = agreement_on_labels(cohort)
    assert (found.n, found.people) == (12, ("AB", "CD"))
    assert found.counts == {("0", "0"): 5, ("0", "1"): 1, ("1", "0"): 2, ("1", "1"): 4}
    assert found.agreed == pytest.approx(0.75)
    assert found.kappa == pytest.approx(0.5)  # chance: (6·5 + 6·7) / 144 = 1/2


def test_kappa_has_no_value_where_only_one_thing_is_said() -> None:
    assert kappa_of({("1", "1"): 7}) is None
    assert kappa_of({("1", "0"): 3, ("0", "1"): 3}) == pytest.approx(-1)
