"""Labels, segmentations, second readings, model runs and codes of patients."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from medssl.cohort import (
    DATABASE,
    Cohort,
    ModelRun,
    NewCase,
    NewLabel,
    NewPoint,
    UnknownEntryError,
)
from medssl.errors import FileRefusedError, GeometryError, SettingsError
from medssl.geometry import Grid
from medssl.io import Segmentation

FLAT = Grid.create((6, 8))
VOLUME = Grid.create((3, 4, 5), (3.0, 0.5, 0.7), (1.0, 2.0, 3.0))
SCHEMA_1 = Path(__file__).with_name("schema_1.sql")


@pytest.fixture
def cohort(tmp_path: Path) -> Iterator[Cohort]:
    with Cohort.create(tmp_path / "chest") as cohort:
        cohort.add_case("a.png", "/images/a.png", "fa", FLAT, "DX")
        cohort.add_case("v.nii", "/images/v.nii", "fv", VOLUME, "MR")
        cohort.add_landmark("carina")
        yield cohort


def mask(grid: Grid, *where: int) -> Segmentation:
    array = np.zeros(grid.shape, bool)
    array[where] = True
    return Segmentation.from_masks({"lesion": array}, grid)


def test_an_older_database_is_brought_up_to_date_with_all_it_holds(tmp_path: Path) -> None:
    folder = tmp_path / "old.medssl"
    folder.mkdir()
    connection = sqlite3.connect(folder / DATABASE)
    connection.executescript(SCHEMA_1.read_text(encoding="utf-8"))
    connection.close()
    with Cohort.open(folder) as cohort:
        assert [(c.key, c.name, c.modality) for c in cohort.cases()] == [
            ("a.png", "a.png", "DX"),
            ("v.nii", "v.nii", "MR"),
        ]
        carina, apex = cohort.landmarks()
        assert (carina.colour, apex.side) == ("#ff8800", "left")
        points = {(p.case_key, p.landmark): p for p in cohort.points()}
        assert points["a.png", "carina"].author == "AB"
        assert points["v.nii", "carina"].confidence == 0.75
        assert points["v.nii", "apex"].point_vox == (1.0, 2.0, 3.0)
        assert cohort.redo() == "correct apex in v.nii"
        assert cohort.points("v.nii", "apex")[0].point_vox == (2.0, 3.0, 4.0)
        cohort.set_labels([NewLabel("a.png", "effusion", "1")])
        assert [cohort.undo() for _ in range(6)][-1] == "add landmark carina"
        assert cohort.undo() is None


def test_the_least_sure_segmentation_decides_how_sure_a_case_is(cohort: Cohort) -> None:
    cohort.set_segmentation("a.png", "lungs", mask(FLAT, 1), "predicted", "net", confidence=0.4)
    cohort.set_segmentation("a.png", "heart", mask(FLAT, 2), "predicted", "net", confidence=0.9)
    (heart, lungs) = cohort.segmentations("a.png")
    assert (heart.confidence, lungs.confidence) == (0.9, 0.4)
    assert cohort.overview()[0].confidence == 0.4
    cohort.set_segmentation("a.png", "lungs", mask(FLAT, 3), "corrected")
    assert cohort.overview()[0].confidence == 0.9


def test_only_how_sure_a_prediction_is_is_said_anew(cohort: Cohort) -> None:
    cohort.set_segmentation("a.png", "lungs", mask(FLAT, 1), "predicted", "net", confidence=0.4)
    (before,) = cohort.segmentations("a.png")
    assert cohort.set_segmentation_confidence("a.png", "lungs", 0.7)
    assert cohort.segmentations("a.png") == [before._replace(confidence=0.7)]
    assert not cohort.set_segmentation_confidence("a.png", "heart", 0.7)
    with pytest.raises(SettingsError, match="from 0 to 1"):
        cohort.set_segmentation_confidence("a.png", "lungs", 1.7)


def test_an_action_from_before_confidences_is_undone_and_redone(cohort: Cohort) -> None:
    cohort.set_segmentation("a.png", "lungs", mask(FLAT, 1), "manual", author="AB")
    cohort.close()
    with sqlite3.connect(cohort.path / DATABASE) as connection:
        query = "SELECT id, changes FROM journal ORDER BY id DESC"
        number, changes = connection.execute(query).fetchone()
        ((table, key, before, after),) = json.loads(changes)
        older = json.dumps([[table, key, before, after[:-1]]])
        connection.execute("UPDATE journal SET changes = ? WHERE id = ?", (older, number))
    connection.close()
    with Cohort.open(cohort.path) as again:
        again.undo()
        again.redo()
        (kept,) = again.segmentations("a.png")
        assert (kept.author, kept.confidence) == ("AB", None)


def test_labels_are_kept_with_who_said_so(cohort: Cohort) -> None:
    cohort.set_labels([NewLabel("a.png", "effusion", "1", "predicted", 0.8, "net")])
    cohort.set_labels(
        [NewLabel("a.png", " effusion ", "0", author="AB"), NewLabel("v.nii", "side", "left")]
    )
    cohort.set_labels([NewLabel("a.png", "effusion", "1", "predicted", 0.9, "net 2")])
    cohort.close()
    with Cohort.open(cohort.path) as again:
        first, second = again.labels()
        assert (first.name, first.value, first.source, first.author) == (
            "effusion", "0", "manual", "AB",
        )  # fmt: skip
        assert (second.case_key, second.value) == ("v.nii", "left")
        (predicted,) = again.labels("a.png", "effusion", "predicted")
        assert (predicted.value, predicted.confidence, predicted.model) == ("1", 0.9, "net 2")
        assert again.undo() == "label 2 times"
        assert again.labels() == [predicted]
        assert again.delete_label("a.png", "effusion", "predicted")
        assert not again.delete_label("a.png", "effusion")


def test_a_label_that_is_none_is_refused(cohort: Cohort) -> None:
    good = NewLabel("a.png", "side", "left")
    for wrong in (
        NewLabel("a.png", " ", "1"),
        NewLabel("a.png", "side", " "),
        NewLabel("b.png", "side", "left"),
        NewLabel("a.png", "side", "left", "predicted", 2.0),
    ):
        with pytest.raises(SettingsError):
            cohort.set_labels([good, wrong])
    assert cohort.labels() == []


def test_segmentations_are_files_that_undo_finds_again(cohort: Cohort) -> None:
    first = cohort.set_segmentation("v.nii", "lesion", mask(VOLUME, 1, 2), author="AB")
    cohort.set_segmentation("v.nii", "lesion", mask(VOLUME, 2, 3))
    cohort.set_segmentation("a.png", "lesion", mask(FLAT, 1), "predicted", model="net")
    cohort.close()
    with Cohort.open(cohort.path) as again:
        flat, volume = again.segmentations()
        assert (flat.case_key, flat.source, flat.segments) == ("a.png", "predicted", ("lesion",))
        assert again.read_segmentation(flat).layers[0].sum() == 8
        assert again.read_segmentation(volume).layers[0][2, 3].all()
        assert again.undo() == "draw lesion in v.nii"
        (before,) = again.segmentations("v.nii")
        assert before == first
        assert again.read_segmentation(before).layers[0][1, 2].all()
        first.file.unlink()
        with pytest.raises(FileRefusedError, match=r"lesion of v\.nii is gone"):
            again.read_segmentation(before)


def test_a_segmentation_of_another_grid_is_refused(cohort: Cohort) -> None:
    with pytest.raises(GeometryError):
        cohort.set_segmentation("v.nii", "lesion", mask(Grid.create((9, 9)), 1))
    assert cohort.segmentations() == []


def test_a_second_reading_is_kept_and_can_be_taken(cohort: Cohort) -> None:
    cohort.set_point("a.png", "carina", (1, 1), None, "manual", author="AB")
    other = NewPoint("a.png", "carina", (4, 5), None, "manual", author="CD")
    met = cohort.meet_points([other], "reader 2")
    assert (met.taken, met.same, len(met.conflicts)) == (0, 0, 1)
    assert met.conflicts[0].text == (
        "carina in a.png: the cohort has AB's, the other CD's, 5.0 px away"
    )
    (second,) = cohort.alternatives()
    assert (second.author, second.origin) == ("CD", "reader 2")
    cohort.take_alternative(second)
    assert cohort.points()[0].author == "CD"
    (first,) = cohort.alternatives()
    assert first.author == "AB"
    cohort.drop_alternative(first)
    assert cohort.alternatives() == []
    cohort.undo()
    cohort.undo()
    assert (cohort.points()[0].author, cohort.alternatives()) == ("AB", [second])
    with pytest.raises(UnknownEntryError):
        cohort.take_alternative(first)


def test_what_is_known_already_is_no_conflict(cohort: Cohort) -> None:
    cohort.set_point("a.png", "carina", (1, 1), None, "corrected", author="AB")
    same = NewPoint("a.png", "carina", (1.00004, 1), None, "manual")
    assert cohort.meet_points([same], "table") == cohort.meet_points([same], "table")
    assert cohort.alternatives() == []
    assert cohort.meet_labels([NewLabel("a.png", "side", "left")], "table").taken == 1
    assert cohort.meet_labels([NewLabel("a.png", "side", "left")], "table").same == 1
    assert len(cohort.meet_labels([NewLabel("a.png", "side", "right")], "table").conflicts) == 1
    assert cohort.labels()[0].value == "left"


def test_a_second_segmentation_is_kept_beside_the_first(cohort: Cohort) -> None:
    cohort.set_segmentation("v.nii", "lesion", mask(VOLUME, 1, 2), author="AB")
    same = cohort.meet_segmentation("v.nii", "lesion", mask(VOLUME, 1, 2), "masks")
    assert (same.same, same.changed) == (1, False)
    other = cohort.meet_segmentation("v.nii", "lesion", mask(VOLUME, 2, 3), "masks", "CD")
    assert "AB's, the other CD's" in other.conflicts[0].text
    (second,) = cohort.alternatives()
    cohort.take_alternative(second)
    (taken,) = cohort.segmentations()
    assert cohort.read_segmentation(taken).layers[0][2, 3].all()
    assert len(list((cohort.path / "segmentations").iterdir())) == 2


def test_runs_of_models_are_written_down(cohort: Cohort) -> None:
    cohort.add_run(ModelRun("landmarks", "ld", "f00", "/models/ld", {"templates": 2}, 40))
    (run,) = cohort.runs()
    assert (run.model, run.settings, run.results) == ("ld", {"templates": 2}, 40)
    assert run.time


def test_ids_of_patients_are_nowhere_in_the_folder(cohort: Cohort) -> None:
    for key in ("b", "c"):
        cohort.add_cases(
            [NewCase(key, Path("/b"), key, FLAT, patient_id="Q1234567", study_id="1.2.840.99")]
        )
    one, two = cohort.case("b"), cohort.case("c")
    assert one.patient == two.patient
    assert one.patient.startswith("P-")
    assert one.study.startswith("S-")
    cohort.add_case("b", "/b", "b", FLAT)
    assert cohort.case("b").patient == one.patient
    cohort.close()
    for file in cohort.path.iterdir():
        assert b"Q1234567" not in file.read_bytes()
        assert b"1.2.840.99" not in file.read_bytes()


def test_an_image_in_the_cohorts_folder_is_found_after_the_folder_moved(cohort: Cohort) -> None:
    copy = cohort.path / "images" / "x" / "b.png"
    cohort.add_case("b.png", copy, "fb", FLAT)
    assert cohort.case("b.png").copied
    assert not cohort.case("a.png").copied
    cohort.close()
    moved = cohort.path.rename(cohort.path.with_name("moved.medssl"))
    with Cohort.open(moved) as again:
        assert again.case("b.png").path == moved / "images" / "x" / "b.png"


def test_a_series_is_read_from_its_own_files(cohort: Cohort) -> None:
    files = (Path("/dicom/IM1"), Path("/dicom/IM2"))
    cohort.add_cases([NewCase("dicom#1", Path("/dicom"), "fd", VOLUME, files=files)])
    source = cohort.case("dicom#1").source()
    assert (source.path, source.files) == (Path("/dicom"), files)
    cohort.add_case("dicom#1", "/elsewhere", "fd", VOLUME)
    assert cohort.case("dicom#1").files == ()


def test_a_label_makes_a_changed_file_a_changed_case(cohort: Cohort) -> None:
    cohort.set_labels([NewLabel("a.png", "effusion", "1")])
    assert cohort.add_case("a.png", "/images/a.png", "other", FLAT).changed
    new = NewCase("a.png", Path("/images/a.png"), "third", FLAT)
    assert not cohort.accept_change(new).changed
    cohort.mark_changed(["v.nii"])
    assert cohort.case("v.nii").changed
