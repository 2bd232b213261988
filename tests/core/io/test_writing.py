"""What is written is read back, by us and by others."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from medssl.errors import FileRefusedError, StorageError
from medssl.geometry import Grid
from medssl.io import Image, read_image, write_image

RNG = np.random.default_rng(1)
TURN = np.array([[0.0, 0.8, 0.6], [0.0, -0.6, 0.8], [1.0, 0.0, 0.0]])


def volume(dtype=np.int16, axes="zyx", direction=TURN):
    sizes = {"t": 2, "z": 3, "y": 4, "x": 5, "c": 3}
    shape = tuple(sizes[a] for a in axes)
    array = RNG.integers(0, 200, shape).astype(dtype)
    spatial = tuple(sizes[a] for a in axes if a in "zyx")
    if len(spatial) == 2:
        grid = Grid.create(spatial, (0.5, 0.25))
    else:
        grid = Grid.create(spatial, (2.5, 0.5, 0.75), (-10, 20.5, 30), direction)
    return Image(array, grid, axes)


def same(image, other, geometry=True):
    assert other.axes == image.axes
    np.testing.assert_array_equal(other.array, image.array)
    assert other.array.dtype == image.array.dtype
    if geometry:
        np.testing.assert_allclose(other.grid.affine, image.grid.affine, atol=1e-4)
        assert other.grid.unit == image.grid.unit


@pytest.mark.parametrize("ending", [".nii", ".nii.gz", ".nrrd", ".mha", ".mhd"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
def test_volumes_keep_pixels_and_geometry(tmp_path, ending, dtype):
    image = volume(dtype)
    files = write_image(image, tmp_path / f"a{ending}")
    assert all(file.is_file() for file in files)
    assert sorted(tmp_path.iterdir()) == sorted(files)
    same(image, read_image(files[0]))


@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd"])
@pytest.mark.parametrize("axes", ["tzyx", "zyxc", "yx", "yxc"])
def test_time_colour_and_pictures(tmp_path, ending, axes):
    image = volume(np.uint8, axes)
    same(image, read_image(*write_image(image, tmp_path / f"a{ending}")))


def test_a_film_is_one_slice_in_nifti(tmp_path):
    image = volume(np.uint8, "tyx")
    same(image, read_image(*write_image(image, tmp_path / "a.nrrd")))
    back = read_image(*write_image(image, tmp_path / "a.nii"))
    np.testing.assert_array_equal(back.array, image.array[:, None])


@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd"])
def test_sheared_and_left_handed_grids(tmp_path, ending):
    sheared = TURN.copy()
    sheared[:, 0] = np.array([0.0, 0.3, 1.0]) / np.linalg.norm([0.3, 1.0])
    for direction in (sheared, TURN * [1, 1, -1]):
        image = volume(direction=direction)
        same(image, read_image(*write_image(image, tmp_path / f"a{ending}")))
    with pytest.raises(FileRefusedError, match="sheared"):
        write_image(volume(direction=sheared), tmp_path / "a.mha")


@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd", ".mha"])
def test_simpleitk_reads_the_same_world(tmp_path, ending):
    image = volume()
    known = sitk.ReadImage(str(write_image(image, tmp_path / f"a{ending}")[0]))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(known), image.array)
    there = known.TransformContinuousIndexToPhysicalPoint((1.0, 2.0, 0.5))
    np.testing.assert_allclose(image.grid.voxel_to_world((0.5, 2, 1)), there, atol=1e-4)


@pytest.mark.parametrize("ending", [".tif", ".ome.tif"])
@pytest.mark.parametrize("axes", ["zyx", "yx", "yxc", "tzyx"])
def test_tiff_keeps_pixel_size_and_says_the_rest(tmp_path, ending, axes, caplog):
    image = volume(np.uint8, axes)
    with caplog.at_level(logging.WARNING):
        back = read_image(*write_image(image, tmp_path / f"a{ending}"))
    same(image, back, geometry=False)
    assert back.grid.spacing == pytest.approx(image.grid.spacing)
    assert ("origin and direction" in caplog.text) == (image.ndim == 3)


def test_png_and_jpeg(tmp_path, caplog):
    for axes, dtype in (("yx", np.uint8), ("yxc", np.uint8), ("yx", np.uint16)):
        image = volume(dtype, axes)
        same(image, read_image(*write_image(image, tmp_path / "a.png")), geometry=False)
    assert "does not keep the pixel size" in caplog.text
    assert read_image(*write_image(volume(np.uint8, "yx"), tmp_path / "a.jpg")).axes == "yx"


@pytest.mark.parametrize(
    ("image", "name", "says"),
    [
        (volume(), "a.png", "cannot hold the axes zyx"),
        (volume(np.float32, "yx"), "a.png", "pixels are float32"),
        (volume(np.uint16, "yx"), "a.jpg", "holds uint8"),
        (volume(), "a.xyz", "not written as"),
        (volume(axes="tzyx"), "a.mha", "time axis"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(tmp_path, image, name, says):
    with pytest.raises(FileRefusedError, match=says):
        write_image(image, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_pictures_in_pixels_stay_in_pixels(tmp_path):
    image = Image(np.zeros((3, 4), np.uint8), Grid.create((3, 4)), "yx")
    for name in ("a.nii.gz", "a.nrrd", "a.tif", "a.png"):
        assert read_image(*write_image(image, tmp_path / name)).grid.unit == "px"


def test_window_survives_in_nifti(tmp_path):
    image = Image(
        np.zeros((2, 3, 4), np.int16), Grid.create((2, 3, 4), (1, 1, 1)), "zyx", window=(40, 400)
    )
    assert read_image(*write_image(image, tmp_path / "a.nii")).window == (40, 400)


def test_where_nothing_can_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        write_image(volume(), tmp_path / "file" / "a.nii.gz")


@pytest.mark.parametrize("name", ["a.nii", "a.nrrd", "a.mha", "a.tif"])
def test_an_older_file_stays_when_writing_fails(tmp_path, name, monkeypatch):
    path = tmp_path / name
    write_image(volume(), path)
    before = path.read_bytes()

    def fail(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(StorageError, match="No space left"):
        write_image(volume(np.float32), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [name]
