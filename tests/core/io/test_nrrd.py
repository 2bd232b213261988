"""NRRD in all its encodings and spaces."""

from __future__ import annotations

import bz2
import gzip

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from medssl.errors import FileRefusedError
from medssl.io import read_image

DATA = np.arange(24, dtype="<i2").reshape(2, 3, 4)
HEADER = """NRRD0004
# a comment
type: short
dimension: 3
sizes: 4 3 2
endian: little
encoding: {encoding}
space: {space}
space directions: (0.5,0,0) (0,1.5,0) (0,0,2.5)
space origin: (10,20,30)
"""


def write(path, encoding="raw", space="left-posterior-superior", body=None, extra=""):
    header = HEADER.format(encoding=encoding, space=space) + extra
    path.write_bytes(header.encode() + b"\n" + (DATA.tobytes() if body is None else body))
    return path


def test_ball_is_the_same_in_every_encoding(data_dir):
    folder = data_dir / "reader_cases" / "pynrrd"
    known = np.fromfile(folder / "BallBinary30x30x30.raw", "<i2").reshape(30, 30, 30)
    files = sorted([*folder.glob("Ball*.nrrd"), *folder.glob("Ball*.nhdr")])
    wrong = folder / "BallBinary30x30x30_nifti.nhdr"  # it lacks the skip over NIfTI's header
    files.remove(wrong)
    assert len(files) == 9
    for path in files:
        image = read_image(path)
        np.testing.assert_array_equal(image.array, known, err_msg=path.name)
        assert image.grid.spacing == (1, 1, 1)
    with pytest.raises(FileRefusedError, match="352 bytes longer"):
        read_image(wrong)


def test_volumes_agree_with_simpleitk(data_dir):
    files = [*(data_dir / "volumes").glob("pyradiomics/*.nrrd")]
    files += (data_dir / "volumes").glob("dcmqi/**/*.nrrd")
    assert len(files) > 15
    for path in files:
        known = sitk.ReadImage(str(path))
        image = read_image(path)
        np.testing.assert_array_equal(image.array, sitk.GetArrayFromImage(known), str(path))
        for index in ((0, 0, 0), (5, 3, 1)):
            there = known.TransformContinuousIndexToPhysicalPoint([float(i) for i in index])
            np.testing.assert_allclose(image.grid.voxel_to_world(index[::-1]), there, atol=1e-3)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("raw", DATA.tobytes()),
        ("gzip", gzip.compress(DATA.tobytes())),
        ("gz", gzip.compress(DATA.tobytes())),
        ("bzip2", bz2.compress(DATA.tobytes())),
        ("hex", DATA.tobytes().hex().encode()),
        ("ascii", " ".join(map(str, DATA.ravel())).encode()),
    ],
)
def test_encodings(tmp_path, encoding, body):
    image = read_image(write(tmp_path / "a.nrrd", encoding, body=body))
    np.testing.assert_array_equal(image.array, DATA)
    assert image.grid.spacing == (2.5, 1.5, 0.5)


@pytest.mark.parametrize(
    ("space", "origin"),
    [
        ("left-posterior-superior", (10, 20, 30)),
        ("LPS", (10, 20, 30)),
        ("right-anterior-superior", (-10, -20, 30)),
        ("RAS", (-10, -20, 30)),
        ("left-anterior-superior", (10, -20, 30)),
    ],
)
def test_spaces_become_lps(tmp_path, space, origin):
    image = read_image(write(tmp_path / "a.nrrd", space=space))
    assert image.grid.origin == origin
    step = image.grid.voxel_to_world((0, 0, 1)) - origin
    np.testing.assert_allclose(step, (0.5 * np.sign(origin[0]), 0, 0))


def test_units_become_millimetres(tmp_path):
    path = write(tmp_path / "a.nrrd", extra='space units: "cm" "cm" "cm"\n')
    assert read_image(path).grid.spacing == (25, 15, 5)


def test_detached_with_skips(tmp_path):
    (tmp_path / "a.raw").write_bytes(b"first line\n" + b"xyz" + DATA.tobytes())
    path = write(
        tmp_path / "a.nhdr", body=b"", extra="line skip: 1\nbyte skip: 3\ndata file: a.raw\n"
    )
    np.testing.assert_array_equal(read_image(path).array, DATA)
    (tmp_path / "a.raw").unlink()
    with pytest.raises(FileRefusedError, match=r"a\.raw is missing"):
        read_image(path)


def test_colour_first_and_time_last(tmp_path):
    path = tmp_path / "a.nrrd"
    data = np.arange(2 * 3 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 3)
    head = "NRRD0004\ntype: uint8\ndimension: 4\nencoding: raw\n"
    path.write_bytes(
        f"{head}sizes: 3 4 3 2\nkinds: RGB-color domain domain domain\n\n".encode() + data.tobytes()
    )
    image = read_image(path)
    assert (image.axes, image.grid.unit) == ("zyxc", "px")
    np.testing.assert_array_equal(image.array, data)
    directions = "(1,0,0) (0,1,0) (0,0,1) none"
    path.write_bytes(
        f"{head}sizes: 3 4 3 2\nkinds: domain domain domain list\nspace: LPS\n"
        f"space directions: {directions}\n\n".encode()
        + data.tobytes()
    )
    image = read_image(path)
    assert (image.axes, image.array.shape) == ("tzyx", (2, 3, 4, 3))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"NRRD0004\ntype: short\n\n", "no 'sizes'"),
        (b"NRRD0004\ntype: block\ndimension: 2\nsizes: 2 2\nencoding: raw\n\nabcd", "type"),
        (b"NRRD0004\ntype: short\ndimension: 2\nsizes: 2 2\nencoding: raw\n\nabcd", "truncated"),
        (b"NRRD0004\ntype: short\ndimension: 2\nsizes: 2 2\nencoding: zip\n\nabcd", "encoding"),
        (b"NRRD0004\ntype: short\ndimension: 2\nsizes: 2 2\nencoding: gzip\n\nabcd", "decoded"),
        (b"NRRD0004\ntype: short\ndimension: 2\nsizes: 2 0\nencoding: raw\n\nabcd", "size"),
        (b"NRRD0004\ntype: short\ndimension: 1\nsizes: 2\nencoding: raw\n\nabcd", "spatial"),
        (b"hello", "not that"),
    ],
)
def test_broken_files_are_refused(tmp_path, text, says):
    path = tmp_path / "a.nrrd"
    path.write_bytes(text)
    with pytest.raises(FileRefusedError, match=says):
        read_image(path)
