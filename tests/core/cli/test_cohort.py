"""A cohort from the command line, as a person types it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from medssl.cohort import Cohort
from medssl.io import read_image, read_landmarks_csv, read_markups_json
from medssl.io.dicom_seg import read_dicom_seg
from medssl.io.dicom_source import read_dicom_source
from medssl.io.dicom_sr_reading import read_dicom_sr

sys.path.insert(0, str(Path(__file__).parents[1] / "io"))
from dicom_files import make_series


@pytest.fixture
def films(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    for number in range(3):
        values = np.random.default_rng(number).integers(0, 255, (12, 16)).astype(np.uint8)
        Image.fromarray(values).save(folder / f"film {number}.png")
    return folder


@pytest.fixture
def chest(medssl: Callable, films: Path, tmp_path: Path) -> Path:
    """Three films with points, labels and a mask."""
    points = tmp_path / "points.csv"
    points.write_text(
        "image,landmark,x,y,source,confidence\nfilm 0.png,carina,1,2,,\n"
        "film 1.png,carina,3,4,predicted,0.25\nfilm 2.png,carina,5,6,predicted,0.5\n"
    )
    labels = tmp_path / "labels.csv"
    labels.write_text("image,effusion\nfilm 0.png,1\nfilm 1.png,0\n")
    masks = tmp_path / "masks"
    masks.mkdir()
    values = np.zeros((12, 16), np.uint8)
    values[2:5, 3:9] = 1
    Image.fromarray(values).save(masks / "film 0__lung.png")
    Image.fromarray(values[:5]).save(masks / "film 1__lung.png")
    folder = tmp_path / "chest.medssl"
    assert medssl("cohort", "create", tmp_path / "chest", films).code == 0
    done = medssl(
        "cohort", "add", tmp_path / "chest", "--points", points, "--labels", labels,
        "--masks", masks, "--author", "AB",
    )  # fmt: skip
    assert done.code == 0, done.stderr
    assert "3 points added" in done.stdout
    assert "1 mask added" in done.stdout
    assert "left out: masks:" in done.stderr
    return folder


def test_status_tells_what_is_there(medssl: Callable, chest: Path) -> None:
    said = medssl("cohort", "status", chest, "--json").json
    assert (said["cases"], said["states"]) == (3, {"reviewed": 1, "predicted": 2})
    assert said["landmarks"] == [
        {"landmark": "carina", "manual": 1, "corrected": 0, "predicted": 2}
    ]
    assert said["labels"] == {"effusion": {"1": 1, "0": 1}}
    assert said["segmentations"] == [{"name": "lung", "kind": "human", "cases": 1}]
    assert said["runs"][0]["verb"] == "import"
    shown = medssl("cohort", "status", chest, "--cases", "--sort", "confidence").stdout
    assert "3 cases" in shown
    assert shown.index("film 1.png") < shown.index("film 2.png") < shown.index("film 0.png")
    found = medssl("cohort", "status", chest, "--cases", "--only", "predicted", "--json").json
    assert [case["name"] for case in found["list"]] == ["film 1.png", "film 2.png"]
    assert medssl("cohort", "status", chest, "--find", "film").code == 2


def test_points_and_labels_go_out(medssl: Callable, chest: Path, tmp_path: Path) -> None:
    table = tmp_path / "out.csv"
    assert medssl("cohort", "export", chest, "--to", "csv", "--out", table).code == 0
    rows = read_landmarks_csv(table)
    assert [(row.image, row.point_vox) for row in rows] == [
        ("film 0.png", (2.0, 1.0)),
        ("film 1.png", (4.0, 3.0)),
        ("film 2.png", (6.0, 5.0)),
    ]
    assert [row.extra["author"] for row in rows] == ["AB", "", ""]
    medssl("cohort", "export", chest, "--to", "csv", "--out", table, "--by-person", "--overwrite")
    assert len(read_landmarks_csv(table)) == 1
    slicer = tmp_path / "slicer"
    done = medssl("cohort", "export", chest, "--to", "mrk.json", "--out", slicer, "--json").json
    assert len(done["files"]) == 3
    (point,) = read_markups_json(slicer / "film 0.mrk.json")
    assert (point.label, point.point_mm) == ("carina", (1.0, 2.0, 0.0))
    labels = tmp_path / "labels out.csv"
    medssl("cohort", "export", chest, "--to", "labels", "--out", labels)
    assert labels.read_text() == "image,effusion\nfilm 0.png,1\nfilm 1.png,0\n"
    refused = medssl("cohort", "export", chest, "--to", "labels", "--out", labels)
    assert refused.code == 2
    assert "such a file already" in refused.lines[0]


def test_a_report_is_one_page(medssl: Callable, chest: Path, tmp_path: Path) -> None:
    page = tmp_path / "chest.html"
    done = medssl("cohort", "report", chest, "--out", page, "--sheet", "1")
    assert done.code == 0, done.stderr
    assert f"{page}: 3 cases, 0 corrections, 2 pictures" in done.stdout
    assert "film 1.png" in page.read_text(encoding="utf-8")
    assert str(tmp_path) not in page.read_text(encoding="utf-8")
    refused = medssl("cohort", "report", chest, "--out", page)
    assert (refused.code, "such a file already" in refused.lines[0]) == (2, True)
    again = medssl("cohort", "report", chest, "--out", page, "--overwrite", "--paths", "--json")
    assert again.json == {"path": str(page), "cases": 3, "corrections": 0, "pictures": 3}
    assert str(tmp_path) in page.read_text(encoding="utf-8")
    assert medssl("cohort", "report", chest, "--out", tmp_path / "a.txt").code == 2


def test_masks_go_out_voxel_for_voxel(medssl: Callable, chest: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = medssl("cohort", "export", chest, "--to", "nrrd", "--out", out)
    assert (done.code, "1 mask written" in done.stdout) == (0, True)
    written = np.squeeze(read_image(out / "film 0__lung.nrrd").array)
    values = np.zeros((12, 16))
    values[2:5, 3:9] = 1
    assert (written == values).all()
    again = medssl("cohort", "add", chest, "--masks", out)
    assert "0 masks added, 1 known before" in again.stdout


def test_dicom_results_link_to_their_source(medssl: Callable, tmp_path: Path) -> None:
    identity = {
        "PatientID": "Q1234567", "StudyInstanceUID": "1.2.3", "FrameOfReferenceUID": "1.2.4",
    }  # fmt: skip
    files = make_series(tmp_path / "disc" / "ct", [0, 1, 2], **identity)
    folder = tmp_path / "ct.medssl"
    medssl("cohort", "create", folder, tmp_path / "disc")
    with Cohort.open(folder) as cohort:
        (case,) = cohort.cases()
        cohort.add_landmark("tip")
        cohort.set_point(case.key, "tip", (1, 2, 3), None, "manual")
        from medssl.io import Segmentation

        mask = np.zeros(case.grid.shape)
        mask[1, 2, 1:4] = 1
        stored = Segmentation.from_masks({"lesion": mask}, case.grid)
        cohort.set_segmentation(case.key, "lesion", stored)
    assert "Q1234567" not in medssl("cohort", "status", folder, "--cases", "--json").stdout
    out = tmp_path / "out"
    for kind in ("seg", "sr"):
        done = medssl("cohort", "export", folder, "--to", kind, "--out", out)
        assert done.code == 0, done.stderr
    seg, report = (pydicom.dcmread(next(out.glob(f"*.{kind}.dcm"))) for kind in ("seg", "sr"))
    for one in (seg, report):
        assert (one.PatientID, one.StudyInstanceUID) == ("Q1234567", "1.2.3")
    source = read_dicom_source(files, tmp_path / "disc" / "ct")
    back = read_dicom_seg(next(out.glob("*.seg.dcm"))).on(source.grid)
    assert (back.mask(back.segments[0]) == mask).all()


def test_a_real_oblique_series_goes_out_where_it_lies(
    medssl: Callable, data_dir: Path, tmp_path: Path
) -> None:
    series = data_dir / "brain_mr_dicom" / "Study3" / "11-T1post-18670"
    folder = tmp_path / "brain.medssl"
    assert medssl("cohort", "create", folder, series).code == 0
    with Cohort.open(folder) as cohort:
        (case,) = cohort.cases()
        cohort.add_landmark("tip")
        cohort.set_point(case.key, "tip", (3.25, 100.5, 120.0), None, "manual", author="AB")
        (point,) = cohort.points()
        header = pydicom.dcmread(case.files[0], stop_before_pixels=True)
        assert case.patient == cohort.patient_code(header.PatientID)
    out = tmp_path / "out"
    for kind in ("mrk.json", "sr"):
        assert medssl("cohort", "export", folder, "--to", kind, "--out", out).code == 0
    (marked,) = read_markups_json(next(out.glob("*.mrk.json")))
    (reported,) = read_dicom_sr(next(out.glob("*.sr.dcm"))).points
    for place in (marked.point_mm, reported.place):
        assert np.abs(np.subtract(place, point.point_world)).max() < 0.01
    assert pydicom.dcmread(next(out.glob("*.sr.dcm"))).PatientID == header.PatientID


def test_check_repairs_and_accepts(
    medssl: Callable, chest: Path, films: Path, tmp_path: Path
) -> None:
    assert medssl("cohort", "check", chest).code == 0
    films.rename(tmp_path / "moved")
    lost = medssl("cohort", "check", chest)
    assert lost.code == 2
    assert f"{films} is not there (3 cases)" in lost.stderr
    found = medssl("cohort", "check", chest, "--repair", tmp_path / "moved", "--json")
    assert (found.code, len(found.json["moved"])) == (0, 3)
    values = np.zeros((12, 16), np.uint8)
    Image.fromarray(values).save(tmp_path / "moved" / "film 0.png")
    assert medssl("cohort", "check", chest, "--json").json["changed"] == ["film 0.png"]
    assert "its file has changed" in medssl("cohort", "status", chest).stdout
    assert medssl("cohort", "check", chest, "--accept", "film 0.png").code == 0
    assert medssl("cohort", "check", chest, "--accept", "film 9.png").code == 2


def test_merge_keeps_both_readings(
    medssl: Callable, chest: Path, films: Path, tmp_path: Path
) -> None:
    table = tmp_path / "second.csv"
    table.write_text("image,landmark,x,y\nfilm 0.png,carina,4,6\nfilm 2.png,carina,5,5\n")
    medssl("cohort", "create", tmp_path / "second", films)
    medssl("cohort", "add", tmp_path / "second", "--points", table, "--author", "CD")
    done = medssl("cohort", "merge", chest, tmp_path / "second")
    assert done.code == 0
    assert "0 cases added, 3 in both; 1 points" in done.stdout
    assert "the cohort has AB's, the other CD's, 5.0 px away" in done.stderr
    (second,) = medssl("cohort", "status", chest, "--json").json["second_readings"]
    assert (second["name"], second["author"], second["origin"]) == ("carina", "CD", "second")
    assert "carina in film 0.png: CD's, from second" in medssl("cohort", "status", chest).stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "CHEST"),
        ("add", "CHEST", "--copy", "--points", "x.csv"),
        ("add", "CHEST", "FILMS", "--author", "AB"),
        ("create", "new", "--copy"),
        ("create", "new", "nowhere"),
        ("create", "CHEST"),
        ("status", "nowhere"),
        ("export", "CHEST", "--to", "csv", "--out", "folder"),
        ("export", "CHEST", "--to", "sr", "--out", "folder"),
        ("merge", "CHEST", "CHEST"),
    ],
)
def test_what_makes_no_sense_is_refused(
    medssl: Callable, chest: Path, films: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    places = {"CHEST": chest, "FILMS": films, "folder": tmp_path / "folder", "new": tmp_path / "n"}
    refused = medssl("cohort", *(places.get(word, word) for word in arguments))
    assert (refused.code, len(refused.lines)) == (2, 1)
    assert not (tmp_path / "n.medssl").exists()


def test_a_table_of_points_is_told_line_by_line(
    medssl: Callable, chest: Path, tmp_path: Path
) -> None:
    table = tmp_path / "half.csv"
    table.write_text("image,landmark,x,y\nfilm 2.png,apex,1,2\nfilm 7.png,apex,1,2\n")
    done = medssl("cohort", "add", chest, "--points", table)
    assert done.code == 0
    assert "left out: half.csv: line 3: the cohort has no image 'film 7.png'" in done.stderr
