"""Half of a table may be wrong: each wrong line is told, the good ones are kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from medssl.cohort import Cohort
from medssl.cohort.exporting import export_labels, export_points_table
from medssl.cohort.tables_in import add_labels_table, add_points_table
from medssl.errors import FileRefusedError
from medssl.geometry import Grid
from medssl.io import read_landmarks_csv

FLAT = Grid.create((100, 80))
VOLUME = Grid.create((10, 20, 30), (3.0, 0.5, 0.7), (1.0, 2.0, 3.0))
POINTS = """image,landmark,x,y,z,source,confidence,author,model
a.png,carina,1,2,,,,AB,
a.png,carina,3,4,,,,,
a.png,apex,1,two,,,,,
gone.png,carina,1,2,,,,,
v.nii,carina,1,2,3,manual,,,
v.nii,apex,1,2,,,,,
b.png,carina,1,2,,guessed,,,
b.png,carina,500,2,,,,,
b.png,carina,5,6,,predicted,0.75,,instant
b.png,apex,5,6,,predicted,7,,instant
,carina,1,2,,,,,
b.png,apex,8,9,,corrected,,CD,
"""


@pytest.fixture
def cohort(tmp_path: Path) -> Iterator[Cohort]:
    with Cohort.create(tmp_path / "chest") as cohort:
        cohort.add_case("a.png", "/images/a.png", "fa", FLAT)
        cohort.add_case("sub/b.png", "/images/sub/b.png", "fb", FLAT)
        cohort.add_case("v.nii", "/images/v.nii", "fv", VOLUME)
        yield cohort


def test_half_of_the_points_may_be_wrong(cohort: Cohort, tmp_path: Path) -> None:
    table = tmp_path / "points.csv"
    table.write_text(POINTS)
    read = add_points_table(cohort, table, "XY")
    assert read.problems == (
        "line 3: carina in a.png stands in line 2 already",
        "line 4: y is 'two', not a number",
        "line 5: the cohort has no image 'gone.png'",
        "line 7: v.nii has 3 axes, the point 2 coordinates",
        "line 8: source is 'guessed', not one of manual, predicted, corrected",
        "line 9: carina lies outside of b.png",
        "line 11: confidence is 7, not from 0 to 1",
        "line 12: the image or the landmark has no name",
    )
    assert (read.taken, read.predicted, read.conflicts) == (4, 1, ())
    said = {(p.case_key, p.landmark): (p.point_vox, p.author) for p in cohort.points()}
    assert said == {
        ("a.png", "carina"): ((2.0, 1.0), "AB"),
        ("v.nii", "carina"): ((3.0, 2.0, 1.0), "XY"),
        ("sub/b.png", "carina"): ((6.0, 5.0), None),
        ("sub/b.png", "apex"): ((9.0, 8.0), "CD"),
    }
    assert [(run.verb, run.model, run.results) for run in cohort.runs()] == [
        ("import", "instant", 1)
    ]
    assert cohort.undo() == "take 3 points from points.csv"


def test_corrections_of_a_table_answer_what_had_been_found(cohort: Cohort, tmp_path: Path) -> None:
    head = "image,landmark,x,y,source,confidence,model\n"
    found = "a.png,carina,3,4,predicted,0.5,instant\nb.png,carina,1,1,predicted,0.5,instant\n"
    add_points_table(cohort, _write(tmp_path, head + found))
    answers = "a.png,carina,0,0,corrected,,\nb.png,carina,1,1,manual,,\n"
    add_points_table(cohort, _write(tmp_path, head + answers))
    said = [(one.distance, one.source, one.model) for one in cohort.corrections()]
    assert said == [(5.0, "corrected", "instant"), (0.0, "manual", "instant")]
    assert cohort.undo() == "take 2 points from table.csv"
    assert cohort.corrections() == []
    assert cohort.redo() is not None
    assert len(cohort.corrections()) == 2


def test_a_table_with_nothing_right_is_refused(cohort: Cohort, tmp_path: Path) -> None:
    table = tmp_path / "points.csv"
    table.write_text("image,landmark,x,y\ngone.png,carina,1,2\n")
    with pytest.raises(FileRefusedError, match=r"not one of its 1 lines.*gone\.png"):
        add_points_table(cohort, table)
    table.write_text("image,landmark,x\na.png,carina,1\n")
    with pytest.raises(FileRefusedError, match="column y is missing"):
        add_points_table(cohort, table)
    with pytest.raises(FileRefusedError, match="no column of labels"):
        add_labels_table(cohort, _write(tmp_path, "image\na.png\n"))
    assert cohort.landmarks() == []
    assert cohort.next_undo() is None


def test_a_wrong_line_still_refuses_a_table_that_must_be_right(tmp_path: Path) -> None:
    table = _write(tmp_path, "image,landmark,x,y\na.png,carina,1,2\na.png,apex,1,two\n")
    with pytest.raises(FileRefusedError, match="line 3"):
        read_landmarks_csv(table)
    problems: list[FileRefusedError] = []
    (row,) = read_landmarks_csv(table, problems)
    assert (row.landmark, row.line) == ("carina", 2)
    assert [problem.problem for problem in problems] == ["line 3: y is 'two', not a number"]


def test_a_table_never_replaces_a_persons_point(cohort: Cohort, tmp_path: Path) -> None:
    cohort.add_landmark("carina")
    cohort.set_point("a.png", "carina", (2, 2), None, "manual", author="AB")
    cohort.set_point("v.nii", "carina", (3, 2, 1), None, "manual")
    table = _write(tmp_path, "image,landmark,x,y,z\na.png,carina,5,6,\nv.nii,carina,1,2,3\n")
    read = add_points_table(cohort, table, "CD")
    assert (read.taken, len(read.conflicts)) == (0, 2)
    assert cohort.points("a.png")[0].author == "AB"
    assert [second.author for second in cohort.alternatives()] == ["CD", "CD"]
    assert add_points_table(cohort, table, "CD").conflicts == ()


def test_what_is_exported_is_known_when_it_comes_back(cohort: Cohort, tmp_path: Path) -> None:
    table = tmp_path / "points.csv"
    table.write_text(POINTS)
    add_points_table(cohort, table)
    out = export_points_table(cohort, tmp_path / "out.csv")
    before = cohort.points(kind="all")
    assert "model" in out.files[0].read_text().splitlines()[0]
    again = add_points_table(cohort, out.files[0])
    assert {p.model for p in cohort.points(kind="predicted")} == {"instant"}
    assert (again.same, again.conflicts, again.problems) == (3, (), ())
    assert [p[:-1] for p in cohort.points(kind="human")] == [
        p[:-1] for p in before if p.kind == "human"
    ]
    with pytest.raises(FileRefusedError, match="already"):
        export_points_table(cohort, out.files[0])


def test_labels_come_and_go_as_a_table(cohort: Cohort, tmp_path: Path) -> None:
    table = _write(
        tmp_path,
        "image;effusion;side\na.png;1;left\ngone.png;0;\nsub/b.png;;\na.png;0;\nb.png;0;\n",
    )
    read = add_labels_table(cohort, table, "AB")
    assert (read.taken, read.problems) == (
        3,
        (
            "line 3: the cohort has no image 'gone.png'",
            "line 4: sub/b.png has no label",
            "line 5: a.png stands in line 2 already",
        ),
    )
    out = export_labels(cohort, tmp_path / "labels.csv")
    assert out.files[0].read_text() == "image,effusion,side\na.png,1,left\nsub/b.png,0,\n"
    assert add_labels_table(cohort, out.files[0]).same == 3


def _write(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text)
    return path
