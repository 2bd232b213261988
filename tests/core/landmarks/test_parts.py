"""Votes of several templates, the shape of a set, peaks of maps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from medssl.landmarks import LandmarkFinder
from medssl.landmarks.confidence import LOW, confidence_of
from medssl.landmarks.found import FoundPoint
from medssl.landmarks.fusion import fuse
from medssl.landmarks.maps import find_peak, map_similarity
from medssl.landmarks.matching import Matches
from medssl.landmarks.shape import break_shape, misfits


def match(place: tuple[float, float], similarity: float) -> Matches:
    one = np.array([0.1], np.float32)
    return Matches(
        places=np.array([place], np.float32),
        similarity=np.array([similarity], np.float32),
        margin=one,
        cycle=one,
        disagreement=one,
        support=one,
        trust=one,
        scatter=one,
    )


def test_an_outlier_template_is_ignored() -> None:
    good = [match((10, 10), 0.8), match((11, 10), 0.79), match((10, 11), 0.78)]
    fused = fuse([*good, match((40, 5), 0.82)])
    np.testing.assert_allclose(fused.places[0], (10.3, 10.3), atol=0.3)
    np.testing.assert_allclose(fuse(good).places[0], fused.places[0], atol=0.1)


def test_the_template_that_looks_alike_counts_most() -> None:
    fused = fuse([match((10, 10), 0.9), match((13, 10), 0.6)])
    np.testing.assert_allclose(fused.places[0], (10, 10), atol=0.1)
    assert fused.similarity[0] == pytest.approx(0.9)


SIGNS = {"scatter": 0.02, "cycle": 2.5, "trust": 0.42, "support": 4.0, "margin": 0.23}


@pytest.mark.parametrize(
    ("sign", "worse"),
    [("scatter", 0.04), ("cycle", 6.0), ("trust", 0.3), ("support", 2.5), ("margin", 0.1)],
)
def test_each_sign_of_a_poor_match_lowers_the_confidence(sign: str, worse: float) -> None:
    def confidence(signs: dict[str, float]) -> float:
        arrays = {name: np.array([value], np.float32) for name, value in signs.items()}
        return confidence_of(replace(match((10, 10), 0.8), **arrays), 0)

    assert confidence(SIGNS | {sign: worse}) < confidence(SIGNS)
    assert 0.4 < confidence(SIGNS) < 0.7
    unknown = {"scatter": np.nan, "trust": np.nan}
    assert 0.4 < confidence(SIGNS | unknown) < 0.7


def test_a_displaced_point_breaks_the_shape() -> None:
    known = np.array([[0, 0], [10, 0], [0, 10], [10, 10], [5, 14]], float)
    turned = known @ np.array([[0.0, 1.2], [-1.2, 0.0]]) + 30
    assert misfits(known, turned) == [False] * 5
    turned[3] += (9, -4)
    assert misfits(known, turned) == [False, False, False, True, False]
    assert misfits(known, np.ones_like(known)) == [False] * 5


def test_a_flagged_point_loses_its_confidence(chests) -> None:
    embedded, truth = chests
    finder = LandmarkFinder(embedded)
    clicks = truth["00.png"]
    for landmark, point in clicks.items():
        finder.add_template(landmark, "00.png", point)
    grid = embedded.case("01.png").case.source_grid
    smaller = {name: 0.8 * np.array(point) for name, point in clicks.items()}
    found = [
        FoundPoint(name, "01.png", tuple(p), tuple(grid.voxel_to_world(p)), 0.9, "high", 0.9, 0.2)
        for name, p in smaller.items()
    ]
    templates = {name: {t.case_key: t for t in ts} for name, ts in finder.templates.items()}
    assert not any(f.shape_flag for f in break_shape(found, templates, embedded))
    wrong = np.array(found[0].point_vox) + 0.4 * np.array(grid.shape)
    found[0] = FoundPoint(
        found[0].landmark, "01.png", tuple(wrong), (0.0, 0.0), 0.9, "high", 0.9, 0.2
    )
    checked = break_shape(found, templates, embedded)
    assert [f.shape_flag for f in checked] == [True] + [False] * (len(found) - 1)
    assert checked[0].confidence < LOW
    assert checked[0].level == "low"
    assert checked[1:] == found[1:]


@pytest.mark.parametrize("place", [(12.0, 20.0), (12.3, 20.4), (0.0, 29.0)])
def test_peaks_between_cells(place: tuple[float, float]) -> None:
    y, x = np.mgrid[:24, :30]
    away = (y - place[0]) ** 2 + (x - place[1]) ** 2
    second = (y - 5) ** 2 + (x - 8) ** 2
    values = np.maximum(0.9 - 0.01 * away, 0.5 - 0.01 * second).astype(np.float32)
    peak = find_peak(values)
    assert np.abs(peak.place - place).max() < 0.3 + (0 in place)
    assert peak.height == values.max()
    assert peak.margin == pytest.approx(peak.height - values[away > 17].max(), abs=0.05)


def test_a_map_without_a_second_place_leads_by_one() -> None:
    assert find_peak(np.ones((1, 1), np.float32)).margin == 1


def test_similarity_of_half_precision_cells() -> None:
    rng = np.random.default_rng(0)
    embedding = rng.normal(size=(30, 41, 24)).astype(np.float16)
    vector = rng.normal(size=24).astype(np.float32)
    np.testing.assert_allclose(
        map_similarity(embedding, vector), embedding.astype(np.float32) @ vector, atol=1e-4
    )
