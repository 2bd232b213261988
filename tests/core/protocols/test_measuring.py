"""Measurements in a cohort: numbers, how sure they are, and what must be known of them."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pytest

from medssl.cohort import Cohort, NewPoint
from medssl.cohort.adding import add_images
from medssl.geometry import Grid
from medssl.io.measurement import AT_DETECTOR, ON_FILM
from medssl.protocols import Protocol, ProtocolDefinition, parse_measurement
from medssl.protocols.definition import Seen, SeenErrors
from medssl.protocols.errors_seen import ASSUMED_COUNTS, CLICK, FOUND, look_at_errors
from medssl.protocols.measuring import measure_cohort
from medssl.protocols.table import write_table

sys.path.insert(0, str(Path(__file__).parents[1] / "io"))
from dicom_files import make_slice

MEASURES = ("width=distance(a,b)", "bend=angle(a,b,c)", "share=ratio(a,b,b,c)")


def protocol_of(*measurements: str) -> Protocol:
    definition = ProtocolDefinition(
        name="lungs",
        landmarks=tuple({"name": name} for name in "abc"),
        measurements=tuple(parse_measurement(text) for text in measurements or MEASURES),
        templates=({"file": "template-1.nrrd", "points": dict.fromkeys("abc", (1, 1))},),
    )
    return Protocol(Path("lungs.protocol"), definition)


def new(folder: Path, grids: dict[str, Grid]) -> Cohort:
    cohort = Cohort.create(folder)
    for key, grid in grids.items():
        cohort.add_case(key, f"/nowhere/{key}", key, grid)
    for name in "abc":
        cohort.add_landmark(name)
    return cohort


def place(cohort, key, source="manual", confidence=None, shift=0.0, author=None) -> None:
    places = {"a": (10, 10), "b": (10, 40 + shift), "c": (50, 40 + shift)}
    cohort.set_points(
        [NewPoint(key, n, p, None, source, confidence, author=author) for n, p in places.items()]
    )


def test_lengths_are_in_mm_where_the_pixel_size_is_known(tmp_path) -> None:
    grids = {"mm": Grid.create((100, 80), (0.5, 0.5)), "px": Grid.create((100, 80))}
    with new(tmp_path / "c", grids) as cohort:
        place(cohort, "mm")
        place(cohort, "px", "predicted", 0.4)
        (_, in_mm), (_, in_px) = measure_cohort(cohort, protocol_of())
    assert [(one.found.value, one.found.unit) for one in in_mm] == [
        (15.0, "mm"), (pytest.approx(90.0), "deg"), (pytest.approx(0.75), "1"),
    ]  # fmt: skip
    assert [one.found.unit for one in in_px] == ["px", "deg", "1"]
    assert [one.found.warning for one in (*in_mm, *in_px)] == [""] * 6
    assert [one.by_person for one in (*in_mm, *in_px)] == [True] * 3 + [False] * 3
    assert [one.confidence for one in in_px] == [0.4] * 3
    assert in_mm[0].found.uncertainty == pytest.approx(np.sqrt(2) * CLICK * 50)
    assert in_px[0].found.uncertainty == pytest.approx(np.sqrt(2) * FOUND["check"] * 100)


def test_corrections_say_how_far_off_predictions_are(tmp_path) -> None:
    grid = Grid.create((100, 100), (0.5, 0.5))  # 50 mm
    chance = np.random.default_rng(0)
    with new(tmp_path / "c", {f"{n}": grid for n in range(200)}) as cohort:
        for number in range(200):
            found = tuple(chance.normal(50, 8, 2))
            cohort.set_points(
                [
                    NewPoint(f"{number}", "a", found, None, "predicted", 0.8),
                    NewPoint(f"{number}", "a", (50, 50), None, "corrected"),
                ]
            )
        errors = look_at_errors(cohort)
        # 8 of 100 voxels, and a little of what is assumed
        told = np.sqrt((5 * FOUND["high"] ** 2 + 200 * 0.08**2) / 205)
        assert errors.found("a", 0.8) == pytest.approx(told, rel=0.06)
        assert errors.found("a", 0.1) == FOUND["low"]
        assert errors.click("a") == CLICK
        twice = look_at_errors(cohort, errors.seen)
        assert twice.seen.found["high"].n == 400
        assert twice.seen.found["high"].mean_square == pytest.approx(
            errors.seen.found["high"].mean_square
        )


def test_two_people_say_how_far_off_clicks_are(tmp_path) -> None:
    chance = np.random.default_rng(0)
    grid = Grid.create((100, 100), (2.0, 2.0))
    with new(tmp_path / "c", {f"{n}": grid for n in range(200)}) as cohort:
        for number in range(200):
            for author in ("AB", "CD"):
                vox = tuple(chance.normal(50, 3, 2))
                cohort.set_points([NewPoint(f"{number}", "a", vox, None, "manual", author=author)])
        errors = look_at_errors(cohort)
    assert errors.click("a") == pytest.approx(0.03, rel=0.06)
    assert errors.click("b") == CLICK
    assert errors.found("a", 0.9) >= errors.click("a")


def test_a_person_who_accepts_everything_does_not_make_predictions_exact(tmp_path) -> None:
    grid = Grid.create((100, 100))
    with new(tmp_path / "c", {f"{n}": grid for n in range(50)}) as cohort:
        for number in range(50):
            cohort.set_points(
                [
                    NewPoint(f"{number}", "a", (5, 5), None, "predicted", 0.9),
                    NewPoint(f"{number}", "a", (5, 5), None, "manual", 0.9),
                ]
            )
        errors = look_at_errors(cohort)
    assert CLICK <= errors.found("a", 0.9) < FOUND["high"]


def test_what_a_protocol_has_seen_counts_where_a_cohort_has_nothing(tmp_path) -> None:
    seen = SeenErrors(clicks={"a": Seen(n=45, mean_square=0.01**2)})
    with new(tmp_path / "c", {"x": Grid.create((10, 10))}) as cohort:
        errors = look_at_errors(cohort, seen)
    expected = np.sqrt((ASSUMED_COUNTS * CLICK**2 + 45 * 0.01**2) / (ASSUMED_COUNTS + 45))
    assert errors.click("a") == pytest.approx(expected)


def test_what_cannot_be_measured_says_why(tmp_path) -> None:
    with new(tmp_path / "c", {"x": Grid.create((100, 80)), "y": Grid.create((9, 9))}) as cohort:
        cohort.set_point("x", "a", (10, 10), None, "manual")
        cohort.set_point("x", "b", (10, 10), None, "manual")
        ((case, found),) = measure_cohort(cohort, protocol_of(*MEASURES, "r=ratio(a,c,a,b)"))
    assert case.key == "x"
    assert [one.problem for one in found] == ["", "c not found", "c not found", "c not found"]
    assert found[0].found.value == 0.0


@pytest.mark.parametrize(
    ("tags", "warning"),
    [
        ({"Modality": "DX", "ImagerPixelSpacing": [0.5, 0.75]}, AT_DETECTOR),
        ({"Modality": "CR", "PixelSpacing": None, "ImagerPixelSpacing": [0.5, 0.75]}, AT_DETECTOR),
        ({"Modality": "RG"}, AT_DETECTOR),
        ({"Modality": "DX", "PixelSpacingCalibrationType": "FIDUCIAL",
          "ImagerPixelSpacing": [0.5, 0.75]}, ""),
        ({"Modality": "DX", "ImagerPixelSpacing": [0.6, 0.9]}, ""),
        ({"Modality": "CR", "PixelSpacing": None, "NominalScannedPixelSpacing": [0.1, 0.1]},
         ON_FILM),
        ({"Modality": "MR"}, ""),
    ],
)  # fmt: skip
def test_lengths_at_the_detector_are_told(tmp_path, tags, warning) -> None:
    tags = {"ImagePositionPatient": None, "ImageOrientationPatient": None, **tags}
    make_slice(tmp_path / "film.dcm", np.arange(6000).reshape(100, 60), **tags)
    with Cohort.create(tmp_path / "c") as cohort:
        (key,) = add_images(cohort, [tmp_path / "film.dcm"]).added
        for name in "abc":
            cohort.add_landmark(name)
        place(cohort, key)
        (_, found), = measure_cohort(cohort, protocol_of())  # fmt: skip
        assert [one.found.warning for one in found] == [warning, "", ""]
        (tmp_path / "film.dcm").unlink()  # the case itself remembers
        write_table(tmp_path / "t.csv", measure_cohort(cohort, protocol_of()))
    rows = list(csv.DictReader((tmp_path / "t.csv").read_text().splitlines()))
    assert [row["warning"] for row in rows] == [warning, "", ""]
    assert [row["unit"] for row in rows] == ["mm", "°", ""]
    assert rows[0]["definition"] == "distance(a, b)"
