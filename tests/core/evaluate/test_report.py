"""The figures of a report, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from medssl.errors import SettingsError
from medssl.evaluate import landmark_report

KEYS = {
    "mre_px",
    "median_px",
    "mre_mm",
    "sdr",
    "per_landmark",
    "n",
    "seconds_per_click",
    "confidence_spearman",
}


def test_pixels_are_those_of_an_image_of_256() -> None:
    report = landmark_report(
        [(0, 8), (3, 4), (10, 10)],
        [(0, 0), (0, 0), (10, 10)],
        ["a", "b", "a"],
        [(512, 1024), (100, 128), (256, 256)],
    )
    assert set(report) == KEYS
    assert report["mre_px"] == pytest.approx((2 + 10 + 0) / 3)
    assert report["median_px"] == pytest.approx(2)
    assert report["mre_mm"] is None
    assert report["n"] == 3
    assert report["per_landmark"]["a"] == {
        "mre_px": pytest.approx(1),
        "median_px": pytest.approx(1),
        "mre_mm": None,
        "n": 2,
    }
    assert report["sdr"]["2mm"] is None
    assert report["confidence_spearman"] is None
    assert report["seconds_per_click"] is None


def test_shares_under_a_part_of_the_diagonal() -> None:
    report = landmark_report(
        [(0, 1), (0, 3), (0, 7), (0, 9)], [(0, 0)] * 4, ["a"] * 4, [(60, 80)] * 4
    )
    assert {k: v for k, v in report["sdr"].items() if "%" in k} == {
        "2%": 0.25,
        "4%": 0.5,
        "8%": 0.75,
    }


def test_millimetres_follow_each_axis_own_spacing_in_3d() -> None:
    report = landmark_report(
        [(1, 0, 0), (0, 3, 4)],
        [(0, 0, 0), (0, 0, 0)],
        ["a", "b"],
        [(10, 20, 20)] * 2,
        spacings=[(5.0, 0.5, 0.5)] * 2,
    )
    assert report["mre_mm"] == pytest.approx((5 + 2.5) / 2)
    rates = {k: v for k, v in report["sdr"].items() if "mm" in k}
    assert rates == {"2mm": 0.0, "2.5mm": 0.0, "3mm": 0.5, "4mm": 0.5, "10mm": 1.0}
    diagonal = np.linalg.norm([50, 10, 10])
    assert report["sdr"]["8%"] == ((5 / diagonal < 0.08) + (2.5 / diagonal < 0.08)) / 2


def test_a_mean_in_mm_is_never_that_of_a_part() -> None:
    report = landmark_report(
        [(1, 1)] * 2, [(0, 0)] * 2, ["a", "a"], [(9, 9)] * 2, spacings=[(1.0, 1.0), None]
    )
    assert report["mre_mm"] is None


@pytest.mark.parametrize(("confidence", "expected"), [([0.9, 0.5, 0.1], -1), ([0.1, 0.5, 0.9], 1)])
def test_rank_correlation_of_confidence_with_error(
    confidence: list[float], expected: float
) -> None:
    report = landmark_report(
        [(0, 1), (0, 5), (0, 70)], [(0, 0)] * 3, ["a"] * 3, [(99, 99)] * 3, confidence=confidence
    )
    assert report["confidence_spearman"] == pytest.approx(expected)


@pytest.mark.parametrize("confidence", [[0.5, 0.5, 0.5], [0.1, None, 0.3]])
def test_without_a_rank_there_is_no_correlation(confidence: list[float | None]) -> None:
    report = landmark_report(
        [(0, 1), (0, 5), (0, 7)], [(0, 0)] * 3, ["a"] * 3, [(99, 99)] * 3, confidence=confidence
    )
    assert report["confidence_spearman"] is None


def test_what_does_not_fit_together_is_refused() -> None:
    with pytest.raises(SettingsError, match="not one point"):
        landmark_report(np.zeros((0, 2)), np.zeros((0, 2)), [], np.zeros((0, 2)))
    with pytest.raises(SettingsError, match="do not fit"):
        landmark_report([(0, 0)], [(0, 0, 0)], ["a"], [(9, 9)])
    with pytest.raises(SettingsError, match="2 names for 1 points"):
        landmark_report([(0, 0)], [(0, 0)], ["a", "b"], [(9, 9)])
