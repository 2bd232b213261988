"""NIfTI files give the pixels and the world points that nibabel gives."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from medssl.errors import FileRefusedError
from medssl.io import read_image

nib = pytest.importorskip("nibabel")
RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
AFFINE = np.array([[0, 0, 3, -10.0], [-1, 0.1, 0, 20], [0, 2, 0, 5.5], [0, 0, 0, 1]])


def as_nibabel(image):
    """Our array and affine in nibabel's order and world."""
    order = [image.axes.index(axis) for axis in "xyztc" if axis in image.axes]
    affine = RAS @ image.grid.affine[:, [2, 1, 0, 3]]
    return image.array.transpose(order), affine


def expect(path, image, atol=1e-4):
    known = nib.load(path)
    array, affine = as_nibabel(image)
    data = np.asanyarray(known.dataobj)
    if data.dtype.names:
        data = np.stack([data[name] for name in data.dtype.names], axis=-1)
    np.testing.assert_allclose(array, data.reshape(array.shape), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(affine, known.affine, atol=atol)


def test_every_nifti_agrees_with_nibabel(data_dir):
    folders = ["reader_cases/nibabel", "reader_cases/niivue", "volumes/sct_errsm30"]
    files = [f for folder in folders for f in sorted((data_dir / folder).glob("*.nii*"))]
    files += sorted((data_dir / "volumes" / "totalsegmentator").glob("*_seg*.nii.gz"))
    files = [f for f in files if "complex" not in f.name]
    assert len(files) > 20
    for path in files:
        expect(path, read_image(path))


def test_48_orientations_land_on_the_same_world_points(data_dir):
    files = sorted((data_dir / "reader_cases" / "niivue" / "nifti_space").glob("*.nii.gz"))
    assert len(files) == 48
    reference = read_image(next(f for f in files if f.name == "RAS.nii.gz"))
    spots = np.argwhere(reference.array > np.quantile(reference.array, 0.9))[::997].astype(float)
    world = reference.grid.voxel_to_world(spots)
    values = reference.array[tuple(spots.astype(int).T)]
    corners = np.sort(_corners(reference), axis=0)
    for path in files:
        image = read_image(path)
        voxels = image.grid.world_to_voxel(world)
        nearest = np.rint(voxels).astype(int)
        off = image.grid.voxel_to_world(nearest) - world
        assert np.abs(off).max() < 0.01, path.name
        np.testing.assert_allclose(image.array[tuple(nearest.T)], values, err_msg=path.name)
        np.testing.assert_allclose(np.sort(_corners(image), axis=0), corners, atol=0.01)


def _corners(image):
    last = np.array(image.grid.shape) - 1.0
    corners = np.array(np.meshgrid(*[[0, n] for n in last], indexing="ij")).reshape(3, -1).T
    return np.round(image.grid.voxel_to_world(corners), 3)


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("dtype", ["u1", "i2", ">i2", "f4", ">f8", "u2"])
def test_types_and_byte_orders(tmp_path, kind, dtype):
    data = np.arange(2 * 3 * 4).reshape(2, 3, 4).astype(dtype)
    header = kind.header_class(endianness=">" if dtype.startswith(">") else "<")
    header.set_data_dtype(np.dtype(dtype))
    path = tmp_path / "a.nii"
    nib.save(kind(data, AFFINE, header), path)
    image = read_image(path)
    assert image.array.dtype == np.dtype(dtype).newbyteorder("=")
    expect(path, image)


def test_two_files_either_of_which_may_be_given(tmp_path):
    data = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    nib.save(nib.Nifti1Pair(data, AFFINE), tmp_path / "a.img")
    for name in ("a.hdr", "a.img"):
        expect(tmp_path / "a.img", read_image(tmp_path / name))
    (tmp_path / "a.img").unlink()
    with pytest.raises(FileRefusedError, match=r"its other half a\.img is missing"):
        read_image(tmp_path / "a.hdr")


@pytest.mark.parametrize(("unit", "scale"), [("meter", 1000.0), ("micron", 0.001), ("mm", 1.0)])
def test_units_become_millimetres(tmp_path, unit, scale):
    made = nib.Nifti1Image(np.zeros((2, 3, 4), np.uint8), AFFINE)
    made.header.set_xyzt_units(unit)
    nib.save(made, tmp_path / "a.nii")
    _, affine = as_nibabel(read_image(tmp_path / "a.nii"))
    np.testing.assert_allclose(affine[:3], AFFINE[:3] * scale, rtol=1e-6)


def test_slope_intercept_and_window(tmp_path):
    made = nib.Nifti1Image(np.zeros((2, 3, 4)), AFFINE)
    made.header["cal_min"], made.header["cal_max"] = -100, 300
    nib.save(made, tmp_path / "a.nii")
    raw = bytearray((tmp_path / "a.nii").read_bytes())
    raw[112:120] = np.array([2.5, -7.0], "<f4").tobytes()
    (tmp_path / "a.nii").write_bytes(raw)
    image = read_image(tmp_path / "a.nii")
    assert (image.array == -7.0).all()
    assert image.window == (100.0, 400.0)


def test_without_orientation_it_says_so(tmp_path):
    made = nib.Nifti1Image(np.zeros((2, 3, 4), np.uint8), None)
    made.set_sform(None, 0)
    made.set_qform(None, 0)
    nib.save(made, tmp_path / "a.nii")
    assert "no orientation" in read_image(tmp_path / "a.nii").warnings[0]


def test_vectors_of_five_axes_are_channels(tmp_path):
    data = np.arange(2 * 3 * 4 * 3, dtype=np.float32).reshape(2, 3, 4, 1, 3)
    nib.save(nib.Nifti1Image(data, AFFINE), tmp_path / "a.nii")
    image = read_image(tmp_path / "a.nii")
    assert image.axes == "zyxc"
    np.testing.assert_array_equal(image.array, data[:, :, :, 0].transpose(2, 1, 0, 3))


def test_a_picture_without_size_is_in_pixels(tmp_path):
    made = nib.Nifti1Image(np.zeros((5, 4), np.uint8), None)
    made.set_sform(None, 0)
    made.set_qform(None, 0)
    nib.save(made, tmp_path / "a.nii")
    image = read_image(tmp_path / "a.nii")
    assert (image.axes, image.array.shape, image.grid.unit) == ("yx", (4, 5), "px")


def test_broken_files_are_refused(tmp_path):
    data = np.random.default_rng(0).normal(size=(20, 20, 20))
    nib.save(nib.Nifti1Image(data, AFFINE), tmp_path / "a.nii")
    whole = (tmp_path / "a.nii").read_bytes()
    for end, says in ((100, "cut off"), (5000, "truncated"), (0, "empty")):
        (tmp_path / "b.nii").write_bytes(whole[:end])
        with pytest.raises(FileRefusedError, match=says):
            read_image(tmp_path / "b.nii")
    packed = gzip.compress(whole)
    (tmp_path / "c.nii.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(FileRefusedError, match=r"c\.nii\.gz"):
        read_image(tmp_path / "c.nii.gz")
    huge = bytearray(whole)
    huge[40:56] = np.array([7, *[32767] * 7], "<i2").tobytes()
    (tmp_path / "d.nii").write_bytes(huge)
    with pytest.raises(FileRefusedError, match="axes"):
        read_image(tmp_path / "d.nii")
    huge[40:48] = np.array([3, 32767, 32767, 32767], "<i2").tobytes()
    (tmp_path / "e.nii").write_bytes(huge)
    with pytest.raises(FileRefusedError, match="memory are free"):
        read_image(tmp_path / "e.nii")
    analyze = bytearray(whole)
    analyze[344:348] = bytes(4)
    (tmp_path / "f.nii").write_bytes(analyze)
    with pytest.raises(FileRefusedError, match="which side is left"):
        read_image(tmp_path / "f.nii")
