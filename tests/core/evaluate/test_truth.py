"""Which image has which true points, and who becomes a template."""

from __future__ import annotations

from pathlib import Path

import pytest

from medssl.errors import FileRefusedError, SettingsError
from medssl.evaluate.truth import TruthCase, draw_templates, match_truth, queries_of
from medssl.io import ImageSource, LandmarkRow

TRUTH = Path("TRUTH.csv")


def _source(key: str) -> ImageSource:
    return ImageSource(Path("/images") / key, key, key, (Path("/images") / key,))


def _case(key: str, names: str, group: str | None = None) -> TruthCase:
    return TruthCase(_source(key), dict.fromkeys(names, (0.0, 0.0)), group)


def _row(image: str, landmark: str = "carina", ndim: int = 2) -> LandmarkRow:
    return LandmarkRow(image, landmark, (1.0,) * ndim)


def test_images_are_named_by_path_or_by_file_name() -> None:
    sources = [_source("a/1.png"), _source("b/1.png"), _source("b/2.png")]
    found, problems = match_truth([_row("2.png"), _row("a/1.png"), _row("9.png")], sources, TRUTH)
    assert [case.source.key for case in found] == ["a/1.png", "b/2.png"]
    assert problems == ["9.png: named in TRUTH.csv, but not among the images"]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([_row("1.png")], "fits several images"),
        ([_row("b/2.png"), _row("b/2.png")], "stands twice"),
        ([_row("b/2.png"), _row("a/1.png", ndim=3)], "with and without z"),
        ([_row("7.png")], "none of the images"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(rows: list[LandmarkRow], problem: str) -> None:
    sources = [_source("a/1.png"), _source("b/1.png"), _source("b/2.png")]
    with pytest.raises(FileRefusedError, match=rf"TRUTH\.csv.*{problem}"):
        match_truth(rows, sources, TRUTH)


def test_templates_carry_all_landmarks_where_enough_images_do() -> None:
    truth = [_case(f"{n}.png", "abc" if n % 2 else "ab") for n in range(20)]
    for seed in range(20):
        assert all(len(case.points) == 3 for case in draw_templates(truth, 4, seed))


def test_the_next_best_join_in_where_too_few_carry_all() -> None:
    truth = [_case("1", "abc"), _case("2", "ab"), _case("3", "ab"), _case("4", "a")]
    drawn = [{case.source.key for case in draw_templates(truth, 2, seed)} for seed in range(20)]
    assert set().union(*drawn) == {"1", "2", "3"}


def test_the_same_seed_draws_the_same_whatever_the_order() -> None:
    truth = [_case(f"{n}.png", "a") for n in range(30)]
    drawn = [case.source.key for case in draw_templates(truth, 5, 3)]
    assert [case.source.key for case in draw_templates(truth[::-1], 5, 3)] == drawn
    assert len(set(drawn)) == 5
    assert [case.source.key for case in draw_templates(truth, 5, 4)] != drawn


@pytest.mark.parametrize("count", [0, 4])
def test_more_templates_than_images_are_refused(count: int) -> None:
    with pytest.raises(SettingsError, match="ask for 1 to 3"):
        draw_templates([_case(f"{n}", "a") for n in range(3)], count, 0)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(SettingsError, match="seed -1: a seed is 0 or greater"):
        draw_templates([_case("1", "a")], 1, -1)


def test_a_template_never_predicts_itself_or_its_group() -> None:
    truth = [_case("1", "a", "p1"), _case("2", "a", "p1"), _case("3", "a", "p2"), _case("4", "a")]
    assert [case.source.key for case in queries_of(truth[0], truth)] == ["3", "4"]
    assert [case.source.key for case in queries_of(truth[3], truth)] == ["1", "2", "3"]
