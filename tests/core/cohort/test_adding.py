"""Images come into a cohort whole, once, and are found again when they move."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medssl.cohort import Cohort
from medssl.cohort.adding import add_images
from medssl.cohort.checking import accept_changes, check_cohort
from medssl.errors import Cancelled, FileRefusedError

sys.path.insert(0, str(Path(__file__).parents[1] / "io"))
from dicom_files import make_series, make_slice, ramp


def film(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(seed).integers(0, 255, (12, 16)).astype(np.uint8)
    Image.fromarray(values).save(path)
    return path


@pytest.fixture
def films(tmp_path: Path) -> Path:
    for number, name in enumerate(("a.png", 'it\'s a "film" 2.png', "気管 3.png")):
        film(tmp_path / "films" / name, number)
    return tmp_path / "films"


@pytest.fixture
def cohort(tmp_path: Path) -> Iterator[Cohort]:
    with Cohort.create(tmp_path / "chest") as cohort:
        yield cohort


def test_adding_twice_is_adding_once(cohort: Cohort, films: Path) -> None:
    added = add_images(cohort, [films])
    assert sorted(added.added) == ["a.png", 'it\'s a "film" 2.png', "気管 3.png"]
    before = cohort.cases()
    again = add_images(cohort, [films])
    assert (again.added, again.known) == ([], 3)
    assert cohort.cases() == before
    assert before[0].grid.shape == (12, 16)


def test_a_broken_file_is_told_and_the_others_go_on(cohort: Cohort, films: Path) -> None:
    (films / "b.png").write_bytes(b"not a picture")
    added = add_images(cohort, [films])
    assert len(added.added) == 3
    assert "b.png" in added.problems[0].message


def test_an_interrupted_import_leaves_whole_cases_and_goes_on(cohort: Cohort, films: Path) -> None:
    def stop(done: int, total: int, message: str) -> None:
        if message.startswith("it's"):
            raise Cancelled

    with pytest.raises(Cancelled):
        add_images(cohort, [films], copy=True, progress=stop)
    (case,) = cohort.cases()
    assert case.source().read().array.shape == (12, 16)
    added = add_images(cohort, [films], copy=True)
    assert (len(added.added), added.known, len(cohort.cases())) == (2, 1, 3)


def test_copies_stand_alone(cohort: Cohort, films: Path) -> None:
    make_series(films / "ct", [0, 1, 2])
    add_images(cohort, [films], copy=True)
    shutil.rmtree(films)
    for case in cohort.cases():
        assert case.copied
        assert case.source().read().grid == case.grid
    assert check_cohort(cohort).is_well


def test_another_image_of_a_taken_name_gets_its_folders_name(
    cohort: Cohort, films: Path, tmp_path: Path
) -> None:
    add_images(cohort, [films])
    film(tmp_path / "other" / "a.png", 9)
    added = add_images(cohort, [tmp_path / "other"])
    assert added.added == ["other/a.png"]
    assert cohort.case("a.png").fingerprint != cohort.case("other/a.png").fingerprint
    assert add_images(cohort, [tmp_path / "other"]).known == 1


def test_a_cohort_among_its_images_is_not_added(films: Path) -> None:
    with Cohort.create(films / "chest") as cohort:
        add_images(cohort, [films], copy=True)
        again = add_images(cohort, [films])
        assert (again.known, len(cohort.cases())) == (3, 3)
        assert again.notes == ("left out: 3 files that lie in the folder of a cohort",)


def test_the_same_image_twice_is_told(cohort: Cohort, films: Path) -> None:
    shutil.copy(films / "a.png", films / "b.png")
    added = add_images(cohort, [films])
    assert len(added.added) == 3
    assert added.duplicates == [(films / "b.png", "a.png")]


def test_a_moved_image_is_found_again(cohort: Cohort, films: Path, tmp_path: Path) -> None:
    add_images(cohort, [films])
    cohort.add_landmark("carina")
    cohort.set_point("a.png", "carina", (1, 2), None, "manual")
    films.rename(tmp_path / "archive")
    found = check_cohort(cohort)
    assert len(found.missing) == 3
    assert dict(found.absent) == {films: 3}
    assert len(cohort.points()) == 1
    (tmp_path / "archive" / "a.png").rename(tmp_path / "archive" / "first film.png")
    found = check_cohort(cohort, repair=tmp_path / "archive")
    assert (found.is_well, len(found.moved)) == (True, 3)
    assert cohort.case("a.png").path == tmp_path / "archive" / "first film.png"
    shutil.move(tmp_path / "archive", films)
    assert sorted(add_images(cohort, [films]).moved) == sorted(c.key for c in cohort.cases())


def test_a_moved_series_is_found_again(cohort: Cohort, tmp_path: Path) -> None:
    make_series(tmp_path / "disc" / "ct", [0, 1, 2])
    add_images(cohort, [tmp_path / "disc"])
    (tmp_path / "disc").rename(tmp_path / "tape")
    found = check_cohort(cohort, repair=tmp_path / "tape")
    assert found.is_well
    (case,) = cohort.cases()
    assert len(case.files) == 3
    assert case.source().read().grid == case.grid


def test_a_changed_file_is_flagged_until_it_is_accepted(cohort: Cohort, films: Path) -> None:
    add_images(cohort, [films])
    film(films / "a.png", 77)
    assert check_cohort(cohort).changed == ["a.png"]
    assert cohort.case("a.png").changed
    assert accept_changes(cohort, ["a.png"]) == ["a.png"]
    assert check_cohort(cohort).is_well
    assert not cohort.case("a.png").changed


def test_a_missing_drive_does_no_harm(cohort: Cohort, films: Path) -> None:
    add_images(cohort, [films])
    before = cohort.cases()
    films.rename(films.with_name("away"))
    check_cohort(cohort)
    with pytest.raises(FileRefusedError):
        add_images(cohort, [films])
    films.with_name("away").rename(films)
    assert cohort.cases() == before
    assert check_cohort(cohort).is_well


def test_a_damaged_segmentation_is_told(cohort: Cohort, films: Path) -> None:
    from medssl.io import Segmentation

    add_images(cohort, [films])
    grid = cohort.case("a.png").grid
    mask = Segmentation.from_masks({"lung": np.eye(12, 16)}, grid)
    record = cohort.set_segmentation("a.png", "lung", mask)
    cohort.set_segmentation("a.png", "lung", mask)
    assert check_cohort(cohort).is_well
    assert check_cohort(cohort).unused == []
    (left,) = cohort.segmentations()
    left.file.write_bytes(b"x")
    (cohort.path / "segmentations" / "left over.seg.nrrd").touch()
    found = check_cohort(cohort)
    assert "lung in a.png" in found.segmentations[0]
    assert [file.name for file in found.unused] == ["left over.seg.nrrd"]
    assert record.file.is_file()


def test_a_dicom_tree_shows_no_patient(cohort: Cohort, tmp_path: Path) -> None:
    tree = tmp_path / "disc"
    ids = {"PatientID": "Q1234567", "StudyInstanceUID": "1.2.3"}
    make_series(tree / "Doe_Jane" / "ct", [0, 1, 2], **ids)
    make_slice(tree / "Q1234567.dcm", ramp(), **ids, SeriesInstanceUID="1.2.9")
    make_slice(tree / "x.dcm", ramp(7), SeriesInstanceUID="1.2.8", PatientID="R9")
    add_images(cohort, [tree])
    cases = cohort.cases()
    assert len({case.patient for case in cases}) == 2
    assert len({case.name for case in cases}) == 3
    for case in cases:
        assert "doe" not in case.name.lower()
        assert "1234567" not in case.name
    make_slice(tmp_path / "more" / "y.dcm", ramp(8), SeriesInstanceUID="1.2.7", PatientID="R9")
    more = add_images(cohort, [tmp_path / "more"])
    assert more.patients == {cohort.patient_code("R9")}


def test_a_table_of_images(cohort: Cohort, films: Path) -> None:
    table = films.parent / "list.csv"
    table.write_text(
        "image,patient,study\nfilms/a.png,p1,s1\nfilms/gone.png,p2,\n,p3,\nfilms/a.png,p1,\n"
        "films/気管 3.png,p1,s2\n",
        encoding="utf-8",
    )
    added = add_images(cohort, [table])
    assert sorted(added.added) == ["a.png", "気管 3.png"]
    assert [problem.message.split(": ", 1)[1] for problem in added.problems] == [
        "line 3: films/gone.png is not there. Correct that line.",
        "line 4: names no image. Correct that line.",
        "line 5: films/a.png stands in line 2 already. Correct that line.",
    ]
    assert {case.patient for case in cohort.cases()} == {cohort.patient_code("p1")}
