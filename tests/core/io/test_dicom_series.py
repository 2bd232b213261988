"""DICOM folders: slices find their place, and what is uneven is said."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from medssl.errors import FileRefusedError
from medssl.io import list_images, read_image, read_images

sys.path.insert(0, str(Path(__file__).parent))
from dicom_files import make_series, make_slice, ramp


def test_slices_are_sorted_by_position(tmp_path):
    make_series(tmp_path, [0, 2, 4, 6])
    image = read_image(tmp_path)
    assert (image.axes, image.modality, image.window) == ("zyx", "CT", (40, 400))
    assert image.grid.spacing == (2, 0.5, 0.75)
    assert image.grid.origin == (-10, -20, 0)
    assert not image.warnings
    np.testing.assert_array_equal(image.array[:, 0, 0], [0, 200, 400, 600])
    np.testing.assert_array_equal(image.array[2], ramp() + 400)
    np.testing.assert_allclose(image.grid.voxel_to_world((3, 2, 1)), (-9.25, -19, 6))
    assert image.array.dtype == np.int16


def test_a_missing_slice_is_interpolated_and_said(tmp_path):
    make_series(tmp_path, [0, 2, 4, 8, 10])
    image = read_image(tmp_path)
    assert "2.00 to 4.00 mm apart" in image.warnings[0]
    assert image.grid.spacing[0] == pytest.approx(2)
    np.testing.assert_array_equal(image.array[:, 0, 0], [0, 200, 400, 600, 800, 1000])


def test_a_hole_is_refused(tmp_path):
    make_series(tmp_path, [0, 2, 4, 6, 40, 42])
    with pytest.raises(FileRefusedError, match=r"34\.00 mm lie between slices 4 and 5"):
        read_image(tmp_path)


def test_gantry_tilt_is_straightened_and_said(tmp_path):
    make_series(tmp_path, [0, 2, 4, 6], shift=0.25)
    image = read_image(tmp_path)
    assert "tilted by 14.0 degrees" in image.warnings[0]
    assert image.grid.is_orthogonal
    assert image.grid.shape == (4, 9, 5)
    for z, y, x in [(0, 2, 3), (2, 3, 1), (3, 4, 4)]:
        world = (-10 + 0.75 * x, -20 + 0.25 * 2 * z + 0.5 * y, 2 * z)
        at = np.rint(image.grid.world_to_voxel(world)).astype(int)
        assert image.array[tuple(at)] == 200 * z + 10 * y + x


def test_two_series_of_one_folder_are_two_images(tmp_path):
    folder = tmp_path / "scans"
    make_series(folder, [0, 2, 4])
    make_series(folder, [0, 2, 4, 6], start=50, SeriesInstanceUID="1.2.3", SeriesNumber=5)
    images = read_images(folder)
    assert sorted(image.grid.shape[0] for image in images) == [3, 4]
    assert {image.name for image in images} == {"CT 4 Thorax", "CT 5 Thorax"}
    with pytest.raises(FileRefusedError, match="2 images, not one"):
        read_image(folder)
    for where in (tmp_path, folder):
        listing = list_images(where)
        assert [source.key for source in listing.sources] == ["scans", "scans#1"]
        assert {source.read().name for source in listing.sources} == {i.name for i in images}


def test_a_localizer_in_the_series_is_another_image(tmp_path):
    make_series(tmp_path, [0, 2, 4])
    make_slice(
        tmp_path / "scout", ramp(), (0, 0, 0), 9, ImageOrientationPatient=[0, 1, 0, 0, 0, -1]
    )
    assert sorted(image.ndim for image in read_images(tmp_path)) == [2, 3]


def test_time_points_at_each_place(tmp_path):
    make_series(tmp_path, [0, 2, 4])
    make_series(tmp_path, [0, 2, 4], start=50)
    image = read_image(tmp_path)
    assert (image.axes, image.array.shape) == ("tzyx", (2, 3, 6, 5))


def test_echoes_are_told_apart_where_places_repeat_unevenly(tmp_path):
    make_series(tmp_path, [0, 2, 4], EchoNumbers=1)
    make_series(tmp_path, [0, 2], start=50, EchoNumbers=2)
    assert sorted(image.grid.shape[0] for image in read_images(tmp_path)) == [2, 3]


def test_copies_count_once(tmp_path):
    first, *_ = make_series(tmp_path, [0, 2, 4])
    (tmp_path / "copy").write_bytes(first.read_bytes())
    assert read_image(tmp_path).grid.shape[0] == 3


def test_series_without_number_hold_together(tmp_path):
    make_series(tmp_path, [0, 2, 4], SeriesInstanceUID=None)
    assert read_image(tmp_path).grid.shape[0] == 3


def test_a_broken_slice_is_named(tmp_path):
    files = make_series(tmp_path, [0, 2, 4])
    files[1].write_bytes(files[1].read_bytes()[:-20])
    with pytest.raises(FileRefusedError, match=f"{files[1].name}: it is truncated: 40 of 60"):
        read_image(tmp_path)


def test_a_damaged_header_is_said(tmp_path):
    files = make_series(tmp_path, [0, 2, 4])
    (tmp_path / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"garbage" * 30)
    image = read_image(tmp_path)
    assert len(files) == image.grid.shape[0]
    assert "1 DICOM files of its folder were left out" in image.warnings[0]
    assert "broken.dcm" in image.warnings[0]


def test_names_hold_no_patient(tmp_path):
    path = make_slice(tmp_path / "DOE_JANE_1.dcm", ramp(), SeriesDescription="Thorax Doe")
    image = read_image(path)
    assert "doe" not in image.name.lower()
    assert "Doe" not in str(image.metadata)
    assert "doe" not in list_images(tmp_path).sources[0].name.lower()


def test_uneven_slope_of_slices(tmp_path):
    make_slice(tmp_path / "a", ramp(), (0, 0, 0), 1, RescaleSlope=2, RescaleIntercept=0)
    make_slice(tmp_path / "b", ramp(), (0, 0, 3), 2, RescaleSlope=4, RescaleIntercept=0)
    image = read_image(tmp_path)
    np.testing.assert_array_equal(image.array, [ramp() * 2, ramp() * 4])


def test_brain_folders_agree_with_simpleitk(data_dir):
    for folder in sorted((data_dir / "brain_mr_dicom" / "Study3").iterdir()):
        image = read_image(folder)
        files = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
        known = sitk.ReadImage(files)
        np.testing.assert_allclose(image.array, sitk.GetArrayFromImage(known), rtol=1e-6)
        size = np.array(known.GetSize()) - 1.0
        for part in (0, 0.5, 1):
            there = known.TransformContinuousIndexToPhysicalPoint((size * part).tolist())
            here = image.grid.voxel_to_world((size * part)[::-1])
            np.testing.assert_allclose(here, there, atol=0.01)


def test_tilted_head_ct_keeps_its_world(data_dir):
    import pydicom

    folder = data_dir / "volumes" / "dcm_qa_ct" / "GE"
    image = read_image(folder)
    assert [w.split()[1] for w in image.warnings] == ["slices", "gantry"]
    for number in (1, 28):  # the first and the last slice lie on the grid's own slices
        known = pydicom.dcmread(folder / f"{number:02}.dcm")
        corner = np.array(known.ImagePositionPatient, float)
        y_axis = np.array(known.ImageOrientationPatient[3:], float) * 0.4882812
        values = known.pixel_array * float(known.RescaleSlope) + float(known.RescaleIntercept)
        for row, column in [(200, 256), (300, 200), (256, 300)]:
            world = corner + row * y_axis + np.array([column * 0.4882812, 0, 0])
            z, y, x = image.grid.world_to_voxel(world)
            assert abs(z - round(z)) < 0.02
            below = int(np.floor(y))
            near = image.array[round(z), below : below + 2, round(x)]
            rows = values[row - 1 : row + 2, column]
            assert near.min() <= rows.max()
            assert near.max() >= rows.min()


def test_series_in_folder_without_series_number(data_dir):
    image = read_image(data_dir / "volumes" / "totalsegmentator" / "example_ct_dicom")
    assert image.grid.shape == (20, 512, 512)
    assert image.grid.spacing == (2.0, 0.9765625, 0.9765625)
