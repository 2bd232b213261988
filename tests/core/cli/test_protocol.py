"""A protocol from the command line: this week's clicks, next week's patients."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from medssl.cohort import Cohort
from medssl.io import read_landmarks_csv
from medssl.phantom import PhantomFolder, write_cohort

LANDMARKS = ("carina", "right_lung_apex", "left_lung_apex", "aortic_knob")
WIDTH = "width=distance(right_lung_apex,left_lung_apex)"
BEND = "bend=angle(right_lung_apex,carina,left_lung_apex)"


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> PhantomFolder:
    return write_cohort(tmp_path_factory.mktemp("films"), 6, size=128)


@pytest.fixture
def weeks(films: PhantomFolder, tmp_path: Path) -> tuple[Path, Path]:
    """The films of this week, with clicks in two of them, and those of the next."""
    for number, file in enumerate(sorted(films.images.iterdir())):
        week = tmp_path / ("this week" if number < 2 else "next week")
        week.mkdir(exist_ok=True)
        shutil.copy(file, week / file.name)
    return tmp_path / "this week", tmp_path / "next week"


@pytest.fixture
def saved(medssl: Callable, films: PhantomFolder, weeks: tuple[Path, Path], tmp_path: Path) -> Path:
    clicks = tmp_path / "clicks.csv"
    rows = [row for row in read_landmarks_csv(films.landmarks) if row.landmark in LANDMARKS]
    with clicks.open("w") as file:
        file.write("image,landmark,x,y\n")
        for row in rows:
            if (weeks[0] / row.image).exists():
                y, x = row.point_vox
                file.write(f"{row.image},{row.landmark},{x},{y}\n")
    assert medssl("cohort", "create", tmp_path / "chest", weeks[0]).code == 0
    assert medssl("cohort", "add", tmp_path / "chest", "--points", clicks).code == 0
    done = medssl(
        "protocol", "save", tmp_path / "chest", "--out", tmp_path / "lungs.protocol",
        "--measure", WIDTH, "--measure", BEND,
    )  # fmt: skip
    assert done.code == 0, done.stderr
    assert "4 landmarks, 2 measurements, 2 template images" in done.stdout
    return tmp_path / "lungs.protocol"


def test_next_week_s_films_are_measured_in_one_action(
    medssl: Callable, films: PhantomFolder, weeks: tuple[Path, Path], saved: Path, tmp_path: Path
) -> None:
    shutil.rmtree(weeks[0])  # the protocol stands alone
    shutil.rmtree(tmp_path / "chest.medssl")
    done = medssl("protocol", "apply", saved, weeks[1], "--cohort", tmp_path / "new", "--json")
    assert done.code == 0, done.stderr
    assert (done.json["points"], done.json["searched"]) == (16, 4)
    table = tmp_path / "new-measurements.csv"
    assert done.json["file"] == str(table)
    truth = {(r.image, r.landmark): r.point_vox for r in read_landmarks_csv(films.landmarks)}
    with Cohort.open(tmp_path / "new.medssl") as cohort:
        points = cohort.points()
        assert {(p.source, p.model) for p in points} == {("predicted", "instant")}
        assert all(p.confidence is not None for p in points)
        errors = [
            np.linalg.norm(np.subtract(p.point_vox, truth[p.case_key, p.landmark])) for p in points
        ]
        assert np.median(errors) < 8  # of 128 voxels
        assert cohort.runs()[0].settings["protocol"] == "lungs"
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [row["measurement"] for row in rows] == ["width", "bend"] * 4
    assert all(float(row["uncertainty"]) > 0 and row["points"] == "predicted" for row in rows)
    again = medssl("protocol", "apply", saved, weeks[1], "--cohort", tmp_path / "new")
    assert (again.code, "such a file already" in again.lines[0]) == (2, True)


def test_a_person_s_points_stay_and_are_measured(
    medssl: Callable, weeks: tuple[Path, Path], saved: Path, tmp_path: Path
) -> None:
    assert medssl("protocol", "apply", saved, weeks[1], "--cohort", tmp_path / "new").code == 0
    with Cohort.open(tmp_path / "new.medssl") as cohort:
        case = cohort.cases()[0]
        for name, place in (("right_lung_apex", (20, 30)), ("left_lung_apex", (20, 90))):
            cohort.set_point(case.key, name, place, None, "corrected", author="AB")
        expected = 60 * case.grid.spacing[1]
    new = tmp_path / "new"
    done = medssl("protocol", "apply", saved, "--cohort", new, "--overwrite")
    assert done.code == 0, done.stderr
    with Cohort.open(tmp_path / "new.medssl") as cohort:
        assert len(cohort.points(kind="human")) == 2
    out = tmp_path / "out.csv"
    done = medssl("protocol", "measure", new, "--protocol", saved, "--out", out, "--json")
    width = done.json["measurements"][0]
    assert (width["by_person"], width["value"]) == (True, pytest.approx(expected, rel=1e-4))
    assert width["uncertainty"] < done.json["measurements"][2]["uncertainty"]
    done = medssl(
        "protocol", "measure", new, "--protocol", saved, "--out", out, "--by-person", "--overwrite"
    )
    assert "1 measurement in 1 case, 1 could not be made" in done.stdout


def test_show_tells_what_a_protocol_holds(medssl: Callable, saved: Path) -> None:
    done = medssl("protocol", "show", saved)
    assert "lungs: 2 template images, model instant" in done.stdout
    assert "width = distance(right_lung_apex, left_lung_apex)" in done.stdout
    assert medssl("protocol", "show", saved, "--json").json["landmarks"][0]["name"] == "carina"


def test_what_makes_no_sense_is_refused(
    medssl: Callable, weeks: tuple[Path, Path], saved: Path, tmp_path: Path
) -> None:
    chest = tmp_path / "chest"
    for arguments, words in (
        (("apply", saved, "--cohort", tmp_path / "none"), "no such cohort yet"),
        (("apply", tmp_path, "--cohort", tmp_path / "none"), "no protocol"),
        (("apply", saved, weeks[1], "--cohort", tmp_path / "n", "--out", "a.txt"), "end in .csv"),
        (("save", chest, "--out", saved), "such a protocol already"),
        (("save", chest, "--out", tmp_path / "b", "--measure", "w=distance(a,b)"), "no landmark"),
        (("measure", chest, "--protocol", saved, "--out", tmp_path / "a"), "end in .csv"),
    ):
        done = medssl("protocol", *arguments)
        assert (done.code, words in done.lines[0]) == (2, True), done.stderr
    assert not (tmp_path / "none.medssl").exists()
    done = medssl("cohort", "export", chest, "--to", "csv", "--out", "a.csv", "--protocol", saved)
    assert (done.code, "--to sr" in done.lines[0]) == (2, True)
