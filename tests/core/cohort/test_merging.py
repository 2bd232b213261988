"""Two people's cohorts become one, and neither's work is lost."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from medssl.cohort import Cohort, ModelRun, NewLabel
from medssl.cohort.adding import add_images
from medssl.cohort.merging import merge_cohorts
from medssl.errors import SettingsError
from medssl.geometry import Grid
from medssl.io import Segmentation

sys.path.insert(0, str(Path(__file__).parents[1] / "io"))
from dicom_files import make_slice, ramp

FLAT = Grid.create((10, 8))


def _filled(folder: Path, author: str, shift: float) -> Cohort:
    cohort = Cohort.create(folder)
    cohort.add_case("a.png", f"/{author}/a.png", "same", FLAT)
    cohort.add_case("b.png", f"/{author}/b.png", f"only {author}", FLAT)
    cohort.add_case(f"{author}.png", f"/{author}/c.png", "third", FLAT)
    cohort.add_landmark("carina", f"as {author} says")
    cohort.set_point("a.png", "carina", (1 + shift, 1), None, "manual", author=author)
    cohort.set_point("b.png", "carina", (2, 2), None, "corrected", author=author)
    cohort.set_point(f"{author}.png", "carina", (3, 3), None, "predicted", 0.5, author)
    cohort.set_labels([NewLabel("a.png", "effusion", str(int(shift)), author=author)])
    return cohort


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Cohort]:
    with _filled(tmp_path / "ours", "AB", 0) as cohort:
        yield cohort


@pytest.fixture
def theirs(tmp_path: Path) -> Iterator[Cohort]:
    with _filled(tmp_path / "theirs", "CD", 4) as cohort:
        cohort.add_landmark("apex")
        cohort.set_point("a.png", "apex", (5, 5), None, "manual", author="CD")
        mask = Segmentation.from_masks({"lung": np.eye(10, 8)}, FLAT)
        cohort.set_segmentation("a.png", "lung", mask, author="CD")
        cohort.add_run(ModelRun("landmarks", "CD"))
        yield cohort


def test_all_points_stay_with_their_annotators(ours: Cohort, theirs: Cohort) -> None:
    merged = merge_cohorts(ours, theirs)
    assert (merged.cases, merged.matched) == (["theirs/b.png"], 2)
    assert merged.renamed == [("b.png", "theirs/b.png")]
    said = {(p.case_key, p.landmark): p for p in ours.points()}
    assert said["a.png", "carina"].author == "AB"
    assert said["b.png", "carina"].author == "AB"
    assert said["theirs/b.png", "carina"].author == "CD"
    assert said["a.png", "apex"].author == "CD"
    assert said["AB.png", "carina"].model == "CD"  # the later prediction
    (point, label) = sorted(ours.alternatives(), key=lambda one: one.what, reverse=True)
    assert (point.what, point.case_key, point.author) == ("points", "a.png", "CD")
    assert (label.what, label.found[0]) == ("labels", "4")
    assert {(c.what, c.distance) for c in merged.conflicts} == {("points", 4.0), ("labels", None)}
    assert "defined differently" in merged.notes[0]
    (mask,) = ours.segmentations()
    assert mask.file.is_relative_to(ours.path)
    assert ours.read_segmentation(mask).layers[0].sum() == 8
    assert [run.model for run in ours.runs()] == ["CD"]


def test_merging_again_changes_nothing(ours: Cohort, theirs: Cohort) -> None:
    merge_cohorts(ours, theirs)
    before = (ours.points(kind="all"), ours.alternatives(), ours.cases(), ours.segmentations())
    again = merge_cohorts(ours, theirs)
    assert (again.cases, again.taken, again.conflicts) == ([], 0, ())
    assert (
        ours.points(kind="all"), ours.alternatives(), ours.cases(), ours.segmentations()
    ) == before  # fmt: skip
    assert len(ours.runs()) == 1
    with Cohort.create(ours.path.with_name("third")) as third:
        merge_cohorts(third, theirs)
        merge_cohorts(third, ours)
        assert len(list((third.path / "segmentations").iterdir())) == 1


def test_a_merge_is_one_action(ours: Cohort, theirs: Cohort) -> None:
    before = (ours.landmarks(), ours.points(kind="human"), ours.labels(kind="human"))
    merge_cohorts(ours, theirs)
    after = (ours.landmarks(), ours.points(kind="human"), ours.alternatives())
    assert ours.undo() == "merge with theirs"
    assert (ours.landmarks(), ours.points(kind="human"), ours.labels(kind="human")) == before
    assert ours.alternatives() == []
    ours.redo()
    assert (ours.landmarks(), ours.points(kind="human"), ours.alternatives()) == after


def test_the_other_cohort_stays_as_it_is(ours: Cohort, theirs: Cohort) -> None:
    before = (theirs.cases(), theirs.points(kind="all"), theirs.next_undo())
    merge_cohorts(ours, theirs)
    assert (theirs.cases(), theirs.points(kind="all"), theirs.next_undo()) == before


def test_second_readings_come_along(ours: Cohort, theirs: Cohort, tmp_path: Path) -> None:
    merge_cohorts(ours, theirs)
    with Cohort.create(tmp_path / "third") as third:
        merge_cohorts(third, ours)
        assert {p.author for p in third.points(kind="human")} == {"AB", "CD"}
        assert len(third.alternatives()) == len(ours.alternatives()) == 2


def test_a_merge_back_adds_no_reading_that_is_held(ours: Cohort, theirs: Cohort) -> None:
    merge_cohorts(ours, theirs)
    merge_cohorts(theirs, ours)
    assert {(one.what, one.author) for one in theirs.alternatives()} == {
        ("points", "AB"),
        ("labels", "AB"),
    }


def test_patients_get_this_cohorts_codes(ours: Cohort, tmp_path: Path) -> None:
    film = make_slice(tmp_path / "Doe_Jane" / "1.dcm", ramp(), PatientID="Q12345")
    with Cohort.create(tmp_path / "dicom") as other:
        add_images(other, [film.parent.parent])
        (theirs,) = other.cases()
        merge_cohorts(ours, other)
        here = next(case for case in ours.cases() if case.fingerprint == theirs.fingerprint)
        assert here.patient == ours.patient_code("Q12345") != theirs.patient
        assert theirs.patient not in here.name
        film.unlink()
        with Cohort.create(tmp_path / "later") as later:
            merge_cohorts(later, other)
            assert later.cases()[0].patient == theirs.patient


def test_a_cohort_is_not_merged_with_itself(ours: Cohort) -> None:
    with pytest.raises(SettingsError, match="itself"):
        merge_cohorts(ours, ours)


@pytest.mark.parametrize("sure", [(0.9, 0.4), (None, 0.4), (0.9, None)])
def test_the_newer_prediction_stays_however_sure_it_is(
    ours: Cohort, theirs: Cohort, sure: tuple[float | None, float | None]
) -> None:
    mask = Segmentation.from_masks({"lung": np.eye(10, 8)}, FLAT)
    for cohort, model, confidence in ((ours, "old", sure[0]), (theirs, "new", sure[1])):
        cohort.add_case("d.png", "/d.png", "fourth", FLAT)
        cohort.set_segmentation("d.png", "heart", mask, "predicted", model, confidence=confidence)
    merge_cohorts(ours, theirs)
    found = {one.model for one in ours.segmentations("d.png", kind="predicted")}
    assert found == {"new"}
