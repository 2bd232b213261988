"""Slicer's older point lists: both versions, both worlds, and rows that are wrong."""

from __future__ import annotations

import pytest

from medssl.errors import FileRefusedError
from medssl.io import read_fcsv

COLUMNS = "# columns = id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID\n"
ROW = "vtkMRMLMarkupsFiducialNode_0,1.5,-40.25,60,0,0,0,1,1,1,0,F-1,,\n"


def write(tmp_path, rows=ROW, version="4.11", system="LPS", columns=COLUMNS):
    path = tmp_path / "points.fcsv"
    head = f"# Markups fiducial file version = {version}\n# CoordinateSystem = {system}\n"
    path.write_text(head + columns + rows, encoding="utf-8")
    return path


@pytest.mark.parametrize("version", ["4.4", "4.11", "5.6", "5"])
@pytest.mark.parametrize(
    ("system", "place"),
    [
        ("0", (-1.5, 40.25, 60.0)),
        ("RAS", (-1.5, 40.25, 60.0)),
        ("1", (1.5, -40.25, 60.0)),
        ("LPS", (1.5, -40.25, 60.0)),
    ],
)
def test_versions_and_worlds(tmp_path, version, system, place):
    (point,) = read_fcsv(write(tmp_path, version=version, system=system)).points
    assert (point.label, point.point_mm, point.visible) == ("F-1", place, True)


def test_label_description_and_visibility(tmp_path):
    rows = '1,1,2,3,0,0,0,1,0,1,0,"tip, left","the ""outer"" tip",vtkMRMLScalarVolumeNode1\n'
    (point,) = read_fcsv(write(tmp_path, rows)).points
    assert (point.label, point.description, point.visible) == (
        "tip, left",
        'the "outer" tip',
        False,
    )


def test_columns_in_another_order(tmp_path):
    columns = "# columns = label,x,y,z,sel,vis\n"
    (point,) = read_fcsv(write(tmp_path, "apex,1,2,3,1,0\n", columns=columns)).points
    assert (point.label, point.point_mm, point.visible) == ("apex", (1, 2, 3), False)


def test_wrong_rows_are_told_and_the_good_ones_kept(tmp_path):
    rows = "".join(
        [
            ROW,
            "2,one,2,3,0,0,0,1,1,1,0,F-2,,\n",
            "3,1,nan,3,0,0,0,1,1,1,0,F-3,,\n",
            "4,1,2\n",
            "5,1,2,3,0,0,0,1,1,1,0,,,\n",
            "\n",
            "6,1,2,3,0,0,0,1,yes,1,0,F-6,,\n",
            "7,1,2,3,0,0,0,1,1,1,0,F-7,,\n",
        ]
    )
    found = read_fcsv(write(tmp_path, rows))
    assert [point.label for point in found.points] == ["F-1", "F-7"]
    assert found.problems == (
        "line 5: x is 'one', not a number",
        "line 6: y is 'nan', not a finite number",
        "line 7: it has 3 of 14 columns",
        "line 8: the point has no label",
        "line 10: vis is 'yes', not 0 or 1",
    )


def test_an_empty_list_has_no_points(tmp_path):
    assert read_fcsv(write(tmp_path, "")).points == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("# Fiducial List file x.fcsv\n", "not a point list of Slicer 4 or 5"),
        ("# Markups fiducial file version = 6.0\n", "version 6.0"),
        ("# Markups fiducial file version = 4.0\n" + COLUMNS + ROW, "coordinate system"),
        (
            "# Markups fiducial file version = 4.8\n# CoordinateSystem = 2\n" + COLUMNS + ROW,
            "coordinate system '2'",
        ),
        (
            "# Markups fiducial file version = 4.8\n# CoordinateSystem = LPS\n# columns = a,b\n",
            "columns are a,b",
        ),
        (
            "# Markups fiducial file version = 5.6\n# CoordinateSystem = LPS\n1,2\n",
            "none of its rows",
        ),
    ],
)
def test_what_is_refused(tmp_path, text, says):
    path = tmp_path / "p.fcsv"
    path.write_text(text)
    with pytest.raises(FileRefusedError, match=says) as caught:
        read_fcsv(path)
    assert "p.fcsv" in str(caught.value)


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "p.fcsv"
    with pytest.raises(FileRefusedError, match="no such file"):
        read_fcsv(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FileRefusedError, match="UTF-8"):
        read_fcsv(path)
