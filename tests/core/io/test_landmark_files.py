"""Landmark files keep their points, and wrong lines are named."""

from __future__ import annotations

import json

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from medssl.errors import FileRefusedError, SettingsError
from medssl.io import read_image
from medssl.io.landmarks import (
    ExportPoint,
    MarkupPoint,
    read_landmarks_csv,
    read_markups_json,
    read_spacing_csv,
    write_landmarks_csv,
    write_markups_json,
)

POINT = ExportPoint("a.nii", "tip", (1.0, 2.0, 3.5), (-3.5, 2.0, 7.25), "mm", 0.5, "predicted")


def test_csv_round_trip_keeps_voxels_in_our_order(tmp_path):
    flat = ExportPoint("b.png", "apex", (4.0, 9.25), (9.25, 4.0), "px")
    path = write_landmarks_csv(tmp_path / "points.csv", [POINT, flat])
    rows = read_landmarks_csv(path)
    assert [r.point_vox for r in rows] == [(1.0, 2.0, 3.5), (4.0, 9.25)]
    assert path.read_text().splitlines()[1].startswith("a.nii,tip,3.5000,2.0000,1.0000,")
    assert rows[0].extra["confidence"] == "0.5000"
    assert [r.extra["unit"] for r in rows] == ["mm", "px"]


def test_csv_reads_group_and_semicolons(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("\ufeffImage;Landmark;X;Y;Group\nä.png; apex ;1;2;p1\n", encoding="utf-8")
    (row,) = read_landmarks_csv(path)
    assert (row.image, row.landmark, row.point_vox, row.group) == ("ä.png", "apex", (2, 1), "p1")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("image,landmark,x\na,b,1\n", "the column y is missing"),
        ("image,landmark,x,y\na,b,1,2\na,b,1,two\n", "line 3: y is 'two'"),
        ("image,landmark,x,y\na,b,nan,2\n", "line 2: x is 'nan'"),
        ("image,landmark,x,y\n,b,1,2\n", "line 2: the image or the landmark has no name"),
        ("", "the column image, landmark, x, y is missing"),
    ],
)
def test_wrong_csv_is_refused_by_line(tmp_path, text, says):
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(FileRefusedError, match=says):
        read_landmarks_csv(path)


def test_spacing_csv(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("image,x_mm,y_mm,z_mm\na,0.5,0.25,\nb,1,2,3\n")
    assert read_spacing_csv(path) == {"a": (0.25, 0.5), "b": (3.0, 2.0, 1.0)}
    path.write_text("image,x_mm,y_mm\na,0,1\n")
    with pytest.raises(FileRefusedError, match="line 2"):
        read_spacing_csv(path)


def test_real_landmark_files_are_read(data_dir):
    flat = read_landmarks_csv(data_dir / "cxr_covid_seg" / "landmarks.csv")
    assert flat[0].point_vox == (2.0, 269.6)
    assert flat[0].group == "p5"
    deep = read_landmarks_csv(data_dir / "hippocampus_msd" / "landmarks.csv")
    assert deep[0].point_vox == (11.04, 36.64, 17.92)
    assert read_spacing_csv(data_dir / "hc18_fetal_head" / "spacing.csv")


def test_slicer_markups(tmp_path):
    path = write_markups_json(tmp_path / "p.mrk.json", [POINT])
    content = json.loads(path.read_text())
    assert content["@schema"].endswith("markups-schema-v1.0.3.json#")
    markup = content["markups"][0]
    assert (markup["coordinateSystem"], markup["coordinateUnits"]) == ("LPS", "mm")
    (point,) = read_markups_json(path)
    assert (point.label, point.point_mm) == ("tip", (-3.5, 2.0, 7.25))
    assert "source=predicted" in point.description


def test_slicer_markups_in_ras_are_turned(tmp_path):
    path = write_markups_json(tmp_path / "p.mrk.json", [POINT])
    path.write_text(path.read_text().replace('"LPS"', '"RAS"'))
    assert read_markups_json(path)[0].point_mm == (3.5, -2.0, 7.25)


def test_markups_of_two_images_are_refused(tmp_path):
    other = ExportPoint("b.nii", "tip", (1, 2, 3), (3, 2, 1), "mm")
    with pytest.raises(SettingsError, match="one image"):
        write_markups_json(tmp_path / "p.mrk.json", [POINT, other])


def test_markups_that_are_none(tmp_path):
    path = tmp_path / "p.mrk.json"
    path.write_text("{}")
    with pytest.raises(FileRefusedError, match="not a Slicer point list"):
        read_markups_json(path)


def test_definition_source_and_confidence_come_back_from_slicer(tmp_path):
    given = ExportPoint(
        "a.nii", "tip", (1.0, 2.0, 3.5), (-3.5, 2.0, 7.25), "mm", 0.5, "corrected", "tip; outer end"
    )
    (point,) = read_markups_json(write_markups_json(tmp_path / "p.mrk.json", [given]))
    assert (point.definition, point.source, point.confidence) == (
        "tip; outer end",
        "corrected",
        0.5,
    )
    plain = MarkupPoint("tip", (0, 0, 0), "as a=b says")
    assert (plain.definition, plain.source, plain.confidence) == ("as a=b says", "manual", None)


def slicer_list(tmp_path, **markup):
    point = {"id": "7", "position": [1000.0, -2000.0, 500.0], "visibility": False}
    content = {"@schema": "", "markups": [{"type": "Fiducial", "controlPoints": [point], **markup}]}
    path = tmp_path / "p.mrk.json"
    path.write_text(json.dumps(content))
    return path


def test_markups_without_label_in_micrometres(tmp_path):
    for unit in ("um", ["um", "UCUM", "micrometer"]):
        (point,) = read_markups_json(slicer_list(tmp_path, coordinateUnits=unit))
        assert (point.label, point.point_mm, point.visible) == ("7", (1.0, -2.0, 0.5), False)


@pytest.mark.parametrize(
    ("markup", "says"),
    [
        ({"coordinateSystem": "IJK"}, "coordinate system 'IJK'"),
        ({"coordinateUnits": "cm"}, "in 'cm'"),
        ({"controlPoints": [{"label": "a", "position": [1, 2]}]}, "3 coordinates, not 2"),
        ({"controlPoints": [{"label": "a", "position": [1, 2, "z"]}]}, "z is 'z'"),
    ],
)
def test_markups_in_another_world_are_refused(tmp_path, markup, says):
    with pytest.raises(FileRefusedError, match=says):
        read_markups_json(slicer_list(tmp_path, **markup))


def test_points_of_every_orientation_lie_where_simpleitk_has_them(data_dir, tmp_path):
    files = sorted((data_dir / "reader_cases" / "niivue" / "nifti_space").glob("*.nii.gz"))
    assert len(files) == 48
    rng = np.random.default_rng(0)
    for file in files:
        grid = read_image(file).grid
        voxels = rng.random((6, 3)) * (np.array(grid.shape) - 1)
        given = [
            ExportPoint(
                file.name, f"p{i}", tuple(vox.tolist()),
                tuple(grid.voxel_to_world(vox).tolist()), "mm",
            )
            for i, vox in enumerate(voxels)
        ]  # fmt: skip
        slicer = read_markups_json(write_markups_json(tmp_path / "p.mrk.json", given))
        table = read_landmarks_csv(write_landmarks_csv(tmp_path / "p.csv", given))
        known = sitk.ReadImage(str(file))
        for vox, one, row in zip(voxels, slicer, table, strict=True):
            there = np.array(known.TransformContinuousIndexToPhysicalPoint(vox[::-1].tolist()))
            assert np.abs(there - one.point_mm).max() < 0.01
            assert np.abs(there - grid.voxel_to_world(row.point_vox)).max() < 0.01
            world = [float(row.extra[f"world_{axis}"]) for axis in "xyz"]
            assert np.abs(there - world).max() < 0.01
