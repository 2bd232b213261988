"""``--points``: text, CSV and Slicer files, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from medssl.cli.points import GivenPoint, read_points
from medssl.errors import FileRefusedError, SettingsError
from medssl.geometry import Grid
from medssl.io import ExportPoint, write_landmarks_csv, write_markups_json

NAMES = {"a.png", "a"}
PICTURE = Grid.create((60, 80))
VOLUME = Grid.create((20, 60, 80), (2.0, 0.5, 0.5), (10.0, 20.0, 30.0))


def test_text_is_x_first_and_voxels_are_z_first() -> None:
    [point] = read_points(["tip of nose=12.5,30"], NAMES)
    assert point.landmark == "tip of nose"
    assert point.in_voxels(PICTURE) == (30.0, 12.5)
    [point] = read_points(["p=1,2,3"], NAMES)
    assert point.in_voxels(VOLUME) == (3.0, 2.0, 1.0)


def test_csv_gives_the_points_of_the_template_only(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("image,landmark,x,y\na.png,carina,5,6\nb.png,carina,7,8\n")
    assert read_points([str(path)], NAMES) == [GivenPoint("carina", (5.0, 6.0))]


def test_slicer_file_is_in_the_world(tmp_path: Path) -> None:
    vox = (3.0, 2.0, 1.0)
    world = tuple(VOLUME.voxel_to_world(vox).tolist())
    path = tmp_path / "points.mrk.json"
    write_markups_json(path, [ExportPoint("a", "tip", vox, world, "mm")])
    [point] = read_points([str(path)], NAMES)
    assert point.in_voxels(VOLUME) == pytest.approx(vox)


def test_older_slicer_file_tells_its_wrong_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    x, y, z = VOLUME.voxel_to_world((3.0, 2.0, 1.0)).tolist()
    path = tmp_path / "points.fcsv"
    path.write_text(
        "# Markups fiducial file version = 5.6\n# CoordinateSystem = RAS\n"
        f"# columns = label,x,y,z\ntip,{-x},{-y},{z}\nend,one,2,3\n"
    )
    [point] = read_points([str(path)], NAMES)
    assert point.in_voxels(VOLUME) == pytest.approx((3.0, 2.0, 1.0))
    assert "points.fcsv: line 5: x is 'one', not a number; left out" in capsys.readouterr().err


def test_own_export_can_be_read_back(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    write_landmarks_csv(path, [ExportPoint("a.png", "tip", (3.0, 2.0), (2.0, 3.0), "px")])
    [point] = read_points([str(path)], NAMES)
    assert point.in_voxels(PICTURE) == (3.0, 2.0)


@pytest.mark.parametrize("value", ["tip=1", "tip=1,two", "tip=1,2,3,4", "=1,2", "tip=nan,1"])
def test_text_that_is_no_point_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="name=x,y"):
        read_points([value], NAMES)


def test_landmark_named_twice_is_refused() -> None:
    with pytest.raises(SettingsError, match="'tip' is given twice"):
        read_points(["tip=1,2", "tip=3,4"], NAMES)


def test_csv_about_other_images_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("image,landmark,x,y\nb.png,carina,7,8\n")
    with pytest.raises(FileRefusedError, match="template image"):
        read_points([str(path)], NAMES)


def test_picture_point_on_a_volume_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"x,y,z for a volume"):
        GivenPoint("tip", (1.0, 2.0)).in_voxels(VOLUME)
