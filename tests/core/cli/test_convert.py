"""Points, masks and maps from format to format, as a person types it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import ComputedRadiographyImageStorage, generate_uid

from medssl.cli.conversions import read_names
from medssl.cli.kinds import stem
from medssl.errors import SettingsError
from medssl.geometry import Grid
from medssl.io import (
    ExportPoint,
    Image,
    list_images,
    read_image,
    read_landmarks_csv,
    read_markups_json,
    write_image,
    write_landmarks_csv,
)
from medssl.io.dicom_seg import read_dicom_seg
from medssl.io.dicom_source import read_dicom_source
from medssl.io.seg_nrrd import read_seg_nrrd

sys.path.insert(0, str(Path(__file__).parents[1] / "io"))
from dicom_files import make_slice, ramp

TURN = np.array([[0.0, 0.8, 0.6], [0.0, -0.6, 0.8], [1.0, 0.0, 0.0]])
GRID = Grid.create((4, 5, 6), (2.5, 0.5, 0.75), (-10, 20.5, 30), TURN)
SERIES = "11-T1post-18670"


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    values = np.random.default_rng(0).integers(0, 99, GRID.shape).astype(np.int16)
    return write_image(Image(values, GRID, "zyx"), tmp_path / "scan.nii.gz")[0]


def points(path: Path, image: str = "scan.nii.gz", grid: Grid = GRID) -> Path:
    voxels = [(1.0, 2.0, 3.5), (0.25, 4.0, 0.0), (3.0, 1.0, 5.0)]
    rows = [
        ExportPoint(
            image, name, vox, tuple(grid.voxel_to_world(vox).tolist()), grid.unit,
            confidence, source, "a tip",
        )
        for name, vox, confidence, source in zip(
            ("tip", "apex", "base"), voxels, (None, 0.5, None),
            ("manual", "predicted", "corrected"), strict=True,
        )
    ]  # fmt: skip
    return write_landmarks_csv(path, rows)


def labels(path: Path, grid: Grid = GRID) -> np.ndarray:
    values = np.random.default_rng(1).integers(0, 3, grid.shape).astype(np.uint8)
    write_image(Image(values, grid, "zyx"), path)
    return values


def test_points_to_slicer_and_back(medssl: Callable, volume: Path, tmp_path: Path) -> None:
    given = points(tmp_path / "p.csv")
    outcome = medssl("convert", given, "--to", "mrk.json", "--image", volume)
    assert outcome.code == 0, outcome.stderr
    assert "3 points written to" in outcome.stdout
    slicer = read_markups_json(tmp_path / "p.mrk.json")
    for one, row in zip(slicer, read_landmarks_csv(given), strict=True):
        assert one.label == row.landmark
        assert np.abs(GRID.voxel_to_world(row.point_vox) - one.point_mm).max() < 0.01
    back = tmp_path / "back.csv"
    slicer_file = tmp_path / "p.mrk.json"
    medssl("convert", slicer_file, "--to", "csv", "--image", volume, "--out", back)
    assert back.read_text() == given.read_text()


def test_fcsv_rows_that_are_wrong_are_told(medssl: Callable, volume: Path, tmp_path: Path) -> None:
    x, y, z = GRID.voxel_to_world((1, 2, 3))
    path = tmp_path / "p.fcsv"
    path.write_text(
        "# Markups fiducial file version = 4.11\n# CoordinateSystem = RAS\n"
        "# columns = id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID\n"
        f"1,{-x},{-y},{z},0,0,0,1,1,1,0,tip,the end,\n2,one,2,3,0,0,0,1,1,1,0,b,,\n"
    )
    outcome = medssl("convert", path, "--to", "csv", "--image", volume)
    assert outcome.code == 0
    assert "p.fcsv: line 5: x is 'one'" in outcome.stderr
    (row,) = read_landmarks_csv(tmp_path / "p.csv")
    assert row.point_vox == pytest.approx((1, 2, 3), abs=1e-3)
    assert (row.extra["description"], row.image) == ("the end", "scan.nii.gz")


def test_mask_to_slicer_and_back(medssl: Callable, volume: Path, tmp_path: Path) -> None:
    values = labels(tmp_path / "m.nii.gz")
    outcome = medssl(
        "convert", tmp_path / "m.nii.gz", "--to", "seg.nrrd", "--image", volume,
        "--names", "liver,lesion", "--json",
    )  # fmt: skip
    assert [s["name"] for s in outcome.json["segments"]] == ["liver", "lesion"]
    assert outcome.json["segments"][1]["voxels"] == (values == 2).sum()
    found = read_seg_nrrd(tmp_path / "m.seg.nrrd")
    assert [s.name for s in found.segments] == ["liver", "lesion"]
    medssl(
        "convert", tmp_path / "m.seg.nrrd", "--to", "nrrd", "--image", volume,
        "--out", tmp_path / "back.nrrd",
    )  # fmt: skip
    np.testing.assert_array_equal(read_image(tmp_path / "back.nrrd").array, values)


def test_mask_in_another_order_of_axes(medssl: Callable, volume: Path, tmp_path: Path) -> None:
    affine = GRID.affine
    affine[:3, 3] = GRID.voxel_to_world([s - 1 for s in GRID.shape])
    affine[:3, :3] = -affine[:3, :3][:, ::-1]
    turned = Grid.from_affine(GRID.shape[::-1], affine)
    values = labels(tmp_path / "m.nrrd", turned)
    outcome = medssl("convert", tmp_path / "m.nrrd", "--to", "nifti", "--image", volume)
    assert outcome.code == 0, outcome.stderr
    found = read_image(tmp_path / "m.nii.gz")
    np.testing.assert_array_equal(found.array, values.transpose(2, 1, 0)[::-1, ::-1, ::-1])
    np.testing.assert_allclose(found.grid.affine, GRID.affine, atol=1e-5)


def test_series_to_dicom_objects_and_back(medssl: Callable, data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "brain_mr_dicom" / "Study3" / SERIES
    image = read_image(folder)
    values = labels(tmp_path / "m.nii.gz", image.grid)
    seg = tmp_path / "m.seg.dcm"
    outcome = medssl(
        "convert", tmp_path / "m.nii.gz", "--to", "seg", "--image", folder,
        "--names", "1=liver,2=lesion", "--algorithm", "LD",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    (source,) = list_images(folder).sources
    found = read_dicom_seg(seg, read_dicom_source(source.files, source.path))
    for segment, label in zip(found.segments, (1, 2), strict=True):
        np.testing.assert_array_equal(found.mask(segment), values == label)
    back = tmp_path / "back.nii.gz"
    medssl("convert", seg, "--to", "nifti", "--image", folder, "--out", back)
    np.testing.assert_array_equal(read_image(back).array, values)

    given = points(tmp_path / "p.csv", SERIES, image.grid)
    outcome = medssl(
        "convert", given, "--to", "sr", "--image", folder, "--distance", "length=tip,apex",
        "--angle", "bend=tip,apex,base", "--json",
    )  # fmt: skip
    assert [m["name"] for m in outcome.json["measurements"]] == ["length", "bend"]
    again = tmp_path / "again.csv"
    medssl("convert", tmp_path / "p.sr.dcm", "--to", "csv", "--image", folder, "--out", again)
    for one, row in zip(read_landmarks_csv(again), read_landmarks_csv(given), strict=True):
        assert one.point_vox == pytest.approx(row.point_vox, abs=1e-3)
        assert one.extra["confidence"] == row.extra["confidence"]

    flat = Image(values.astype(np.float32) / 3, image.grid, "zyx")
    write_image(flat, tmp_path / "map.nii.gz")
    outcome = medssl(
        "convert", tmp_path / "map.nii.gz", "--to", "map", "--image", folder, "--names", "Anomaly"
    )
    assert outcome.code == 0, outcome.stderr
    np.testing.assert_array_equal(read_image(tmp_path / "map.map.dcm").array, flat.array)
    assert pydicom.dcmread(tmp_path / "map.map.dcm").ContentDescription == "Anomaly"


def test_a_map_in_another_order_of_axes(medssl: Callable, volume: Path, tmp_path: Path) -> None:
    values = np.random.default_rng(2).normal(size=GRID.shape).astype(np.float32)
    affine = GRID.affine
    affine[:3, 3] = GRID.voxel_to_world([0, 0, GRID.shape[2] - 1])
    affine[:3, 2] *= -1
    mirrored = Grid.from_affine(GRID.shape, affine)
    write_image(Image(values[:, :, ::-1], mirrored, "zyx"), tmp_path / "map.nrrd")
    outcome = medssl("convert", tmp_path / "map.nrrd", "--to", "nifti", "--image", volume)
    assert "the map written to" in outcome.stdout
    found = read_image(tmp_path / "map.nii.gz")
    np.testing.assert_array_equal(found.array, values)
    np.testing.assert_allclose(found.grid.affine, GRID.affine, atol=1e-5)


@pytest.mark.parametrize("placed", [True, False])
def test_mask_and_points_of_a_film(medssl: Callable, tmp_path: Path, placed: bool) -> None:
    """A slice with its place in the patient, and one without, as films are."""
    tags = {"StudyInstanceUID": generate_uid(), "FrameOfReferenceUID": generate_uid()}
    if not placed:
        tags |= dict.fromkeys(("ImagePositionPatient", "ImageOrientationPatient"))
        tags |= {"FrameOfReferenceUID": None, "Modality": "CR"}
        tags["SOPClassUID"] = ComputedRadiographyImageStorage
    film = make_slice(tmp_path / "film.dcm", ramp(), (5.0, 6.0, 7.0), **tags)
    mask = np.eye(6, 5, dtype=np.uint8)
    write_image(Image(mask, Grid.create(mask.shape), "yx"), tmp_path / "mask.png")
    outcome = medssl(
        "convert", tmp_path / "mask.png", "--to", "seg", "--image", film, "--names", "lung"
    )
    assert outcome.code == 0, outcome.stderr
    back = tmp_path / "back.nii.gz"
    seg = tmp_path / "mask.seg.dcm"
    assert medssl("convert", seg, "--to", "nifti", "--image", film, "--out", back).code == 0
    np.testing.assert_array_equal(read_image(back).array, mask)
    (tmp_path / "p.csv").write_text("image,landmark,x,y\nfilm.dcm,tip,3.5,1.25\n")
    assert medssl("convert", tmp_path / "p.csv", "--to", "sr", "--image", film).code == 0
    again = tmp_path / "again.csv"
    report = tmp_path / "p.sr.dcm"
    assert medssl("convert", report, "--to", "csv", "--image", film, "--out", again).code == 0
    (row,) = read_landmarks_csv(again)
    assert row.point_vox == pytest.approx((1.25, 3.5), abs=1e-4)


def test_without_highdicom_the_extra_is_named(
    medssl: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tags = {"StudyInstanceUID": generate_uid(), "FrameOfReferenceUID": generate_uid()}
    film = make_slice(tmp_path / "film.dcm", ramp(), **tags)
    (tmp_path / "p.csv").write_text("image,landmark,x,y\nfilm.dcm,tip,3,1\n")
    monkeypatch.setitem(sys.modules, "highdicom", None)
    outcome = medssl("convert", tmp_path / "p.csv", "--to", "sr", "--image", film)
    assert outcome.code == 2
    assert "pip install 'napari-medssl[dicom]'" in outcome.lines[0]
    assert not (tmp_path / "p.sr.dcm").exists()


def test_nothing_is_overwritten_unasked(medssl: Callable, volume: Path, tmp_path: Path) -> None:
    labels(tmp_path / "m.nrrd")
    arguments = ("convert", tmp_path / "m.nrrd", "--to", "nifti", "--image", volume)
    (tmp_path / "m.nii.gz").write_bytes(b"mine")
    outcome = medssl(*arguments)
    assert outcome.code == 2
    assert "such a file already" in outcome.lines[0]
    assert (tmp_path / "m.nii.gz").read_bytes() == b"mine"
    assert medssl(*arguments, "--overwrite").code == 0
    assert read_image(tmp_path / "m.nii.gz").grid.shape == GRID.shape


def test_one_of_several_series_is_chosen_by_number(
    medssl: Callable, data_dir: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "both"
    folder.mkdir()
    for name in (SERIES, "11_HCropVolume"):
        for file in (data_dir / "brain_mr_dicom" / "Study3" / name).iterdir():
            (folder / f"{name}_{file.name}").symlink_to(file)
    sources = list_images(folder).sources
    assert len(sources) == 2
    labels(tmp_path / "m.nrrd", sources[1].read().grid)
    outcome = medssl("convert", tmp_path / "m.nrrd", "--to", "seg", "--image", folder)
    assert "here are 2 (#0" in outcome.lines[0]
    outcome = medssl("convert", tmp_path / "m.nrrd", "--to", "seg", "--image", f"{folder}#1")
    assert outcome.code == 0, outcome.stderr
    outcome = medssl("convert", tmp_path / "m.nrrd", "--to", "seg", "--image", f"{folder}#2")
    assert outcome.code == 2


@pytest.mark.parametrize(
    ("file", "options", "says"),
    [
        ("p.csv", ("--to", "seg"), "holds voxels"),
        ("m.nrrd", ("--to", "csv"), "holds points"),
        ("m.nrrd", ("--to", "nifti", "--names", "a,b"), "--names changes nothing in nifti"),
        ("p.csv", ("--to", "csv", "--algorithm", "LD"), "--algorithm changes nothing in csv"),
        ("p.csv", ("--to", "csv", "--distance", "a=b,c"), "--distance changes nothing in csv"),
        ("m.nrrd", ("--to", "seg"), "it is no DICOM image"),
        ("p.csv", ("--to", "sr"), "it is no DICOM image"),
        ("p.csv", ("--to", "sr", "--distance", "a=tip,top"), "no landmark top"),
        ("p.csv", ("--to", "sr", "--angle", "a=tip,apex"), "between 3 points"),
        ("m.nrrd", ("--to", "nifti", "--out", "m.png"), "must end in .nii.gz or .nii"),
        ("m.nrrd", ("--to", "seg.nrrd", "--names", "a,b,c"), "3 names for 2 segments"),
        ("m.nrrd", ("--to", "seg.nrrd", "--names", "7=a"), "the labels are 1, 2"),
        ("other.nrrd", ("--to", "nifti"), "another grid than the image"),
        ("real.nrrd", ("--to", "seg.nrrd"), "no label map"),
        ("empty.nrrd", ("--to", "seg.nrrd"), "nothing to write"),
        ("others.csv", ("--to", "mrk.json"), "no line of it is about the image 'scan.nii.gz'"),
        ("far.csv", ("--to", "mrk.json"), "lie outside of the image"),
        ("flat.csv", ("--to", "mrk.json"), "does not fit an image of 3 axes"),
        ("nothing.csv", ("--to", "mrk.json"), "no such file"),
    ],
)
def test_what_is_refused(
    medssl: Callable,
    volume: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    options: tuple[str, ...],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    points(tmp_path / "p.csv")
    points(tmp_path / "others.csv", "other.nii.gz")
    labels(tmp_path / "m.nrrd")
    labels(tmp_path / "other.nrrd", Grid.create((4, 5, 6), (1, 1, 1)))
    halves, zeros = np.full(GRID.shape, 0.5), np.zeros(GRID.shape, np.uint8)
    write_image(Image(halves, GRID, "zyx"), tmp_path / "real.nrrd")
    write_image(Image(zeros, GRID, "zyx"), tmp_path / "empty.nrrd")
    (tmp_path / "far.csv").write_text("image,landmark,x,y,z\nscan.nii.gz,tip,99,99,99\n")
    (tmp_path / "flat.csv").write_text("image,landmark,x,y\nscan.nii.gz,tip,1,1\n")
    before = sorted(tmp_path.iterdir())
    outcome = medssl("convert", file, "--image", "scan.nii.gz", *options)
    assert outcome.code == 2
    assert says in outcome.lines[-1]
    assert sorted(tmp_path.iterdir()) == before


def test_a_point_outside_is_told(medssl: Callable, volume: Path, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(
        "image,landmark,x,y,z\nscan.nii.gz,tip,1,1,1\nscan.nii.gz,far,99,1,1\n", encoding="utf-8"
    )
    outcome = medssl("convert", path, "--to", "mrk.json", "--image", volume)
    assert outcome.code == 0
    assert "landmark 'far' lies outside of the image" in outcome.stderr


def test_names_are_read() -> None:
    assert read_names("liver, left lung") == ["liver", "left lung"]
    assert read_names("1=liver,3=left lung") == {1: "liver", 3: "left lung"}
    with pytest.raises(SettingsError, match="either"):
        read_names("1=liver,lung")


def test_double_endings_are_whole() -> None:
    names = ["a.b.nii.gz", "a.b.mrk.json", "a.b.csv", "a.b.seg.dcm", "a"]
    assert [stem(name) for name in names] == ["a.b", "a.b", "a.b", "a.b", "a"]
