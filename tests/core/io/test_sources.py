"""Listing: keys, order, problems; nothing is read that need not be."""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile

from medssl.errors import Cancelled, FileRefusedError
from medssl.io import SUPPORTED_PATTERNS, list_images, read_folder, read_image, write_image
from medssl.io.formats import format_from_name

sys.path.insert(0, str(Path(__file__).parent))
from dicom_files import make_series, make_slice, ramp

PNG = imagecodecs.png_encode(np.arange(12, dtype=np.uint8).reshape(3, 4))


def put(path: Path, content: bytes = PNG) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def keys(listing):
    return [source.key for source in listing.sources]


def test_a_folder_is_listed_in_natural_order(tmp_path):
    for name in ("img10.png", "img2.png", "sub/img1.png", ".hidden.png", "notes.md", "a.csv"):
        put(tmp_path / name)
    (tmp_path / "notes.md").write_text("text")
    (tmp_path / "a.csv").write_text("a,b")
    listing = list_images(tmp_path)
    assert keys(listing) == ["img2.png", "img10.png", "sub/img1.png"]
    assert not listing.problems
    source = pickle.loads(pickle.dumps(listing.sources[0]))
    assert source == listing.sources[0]
    assert hash(source) == hash(listing.sources[0])
    assert source.read().grid.shape == (3, 4)


def test_label_maps_beside_images_are_left_out_and_named(tmp_path):
    for name in ("images/a.png", "images/b.png", "masks/a.png", "extra/Segmentations/x/a.png"):
        put(tmp_path / name)
    listing = list_images(tmp_path)
    assert keys(listing) == ["images/a.png", "images/b.png"]
    assert not listing.problems
    masks, segmentations = sorted(listing.notes, reverse=True)
    assert "masks: a folder of label maps (1 file)" in masks
    assert "Open this folder itself" in masks
    assert "Segmentations" in segmentations
    assert len(read_folder(tmp_path)[1]) == 2
    assert keys(list_images(tmp_path / "masks")) == ["a.png"]
    assert keys(list_images(tmp_path / "extra")) == ["Segmentations/x/a.png"]


def test_a_file_a_list_and_a_sequence(tmp_path):
    one, two = put(tmp_path / "a" / "x.png"), put(tmp_path / "b" / "x.png")
    assert keys(list_images(one)) == ["x.png"]
    (tmp_path / "list.txt").write_text(f"a/x.png\n\n{two}\nmissing.png\n")
    listing = list_images(tmp_path / "list.txt")
    assert len(set(keys(listing))) == 2
    assert "missing.png" in listing.problems[0].message
    assert {source.path for source in list_images([one, str(two)]).sources} == {one, two}
    assert keys(list_images([tmp_path / "a", tmp_path / "a" / "x.png"])) == ["x.png"]
    assert len(list_images([tmp_path, tmp_path / "a", one]).sources) == 2


def test_dicom_folders_and_loose_files(tmp_path):
    make_series(tmp_path / "ct", [0, 2, 4])
    make_slice(tmp_path / "films" / "one", ramp(), Modality="DX")
    make_slice(tmp_path / "films" / "two", ramp(), Modality="DX", ImageOrientationPatient=None)
    put(tmp_path / "films" / "DICOMDIR", b"not one")
    listing = list_images(tmp_path)
    assert keys(listing) == ["ct", "films/one", "films/two"]
    assert [source.name for source in listing.sources] == ["CT 4 Thorax", "one", "two"]
    assert [source.read().ndim for source in listing.sources] == [3, 2, 2]


def test_several_series_in_folders_of_one_name_keep_keys_of_their_own(tmp_path):
    for patient in ("p1", "p2"):
        for number in (1, 2):
            series = {"start": 10 * number, "SeriesInstanceUID": f"1.2.{number}"}
            make_series(tmp_path / patient / "dicom", [0, 2, 4], **series)
    listing = list_images([tmp_path / "p1" / "dicom", tmp_path / "p2" / "dicom"])
    assert len(listing.sources) == 4
    assert len({source.files for source in listing.sources}) == 4
    folders = [(tmp_path / patient / "dicom").as_posix() for patient in ("p1", "p2")]
    assert sorted(keys(listing)) == sorted([*folders, *(f"{f}#1" for f in folders)])


def test_broken_files_are_problems_and_the_rest_goes_on(tmp_path):
    put(tmp_path / "good.png")
    put(tmp_path / "cut.png", PNG[:40])
    put(tmp_path / "cut.dcm", b"\0" * 128 + b"DICM" + b"garbage" * 30)
    put(tmp_path / "volume.mgz", b"x")
    images, problems = read_folder(tmp_path)
    assert [image.name for image in images] == ["good.png"]
    assert {problem.path.name for problem in problems} == {"cut.png", "cut.dcm", "volume.mgz"}
    assert all(str(problem.path) in problem.message for problem in problems)


def test_nothing_there(tmp_path):
    with pytest.raises(FileRefusedError, match="no images in it"):
        list_images(tmp_path)
    with pytest.raises(FileRefusedError, match="no such file"):
        list_images(tmp_path / "none")


def test_no_permission(tmp_path, monkeypatch):
    put(tmp_path / "secret.png")
    put(tmp_path / "open.png")
    real = Path.open

    def guarded(self, *args, **kwargs):
        if self.name == "secret.png":
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, *args, **kwargs)

    monkeypatch.setattr("pathlib.Path.open", guarded)
    with pytest.raises(FileRefusedError, match="you may not read it"):
        read_image(tmp_path / "secret.png")
    images, problems = read_folder(tmp_path)
    assert len(images) == 1
    assert "Change its permissions" in problems[0].message


def test_listing_can_be_cancelled(tmp_path):
    make_series(tmp_path, [0, 2, 4])

    def stop(done, total, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        list_images(tmp_path, progress=stop)


def test_header_and_data_are_one_image(tmp_path):
    put(tmp_path / "a.hdr", bytes(348))
    put(tmp_path / "a.img", bytes(10))
    assert keys(list_images(tmp_path)) == ["a.hdr"]


def test_thousand_slices_are_listed_in_seconds(tmp_path):
    first = make_slice(tmp_path / "s0", np.zeros((256, 256)))
    content = first.read_bytes()
    for number in range(1, 300):
        (tmp_path / f"s{number}").write_bytes(content)
    before = time.process_time()
    list_images(tmp_path)
    assert time.process_time() - before < 3


def test_patterns_name_every_format():
    assert {"*.nii.gz", "*.nrrd", "*.nhdr", "*.mha", "*.mhd", "*.dcm"} <= set(SUPPORTED_PATTERNS)
    assert {"*.png", "*.jpg", "*.jpeg", "*.tif", "*.ome.tif"} <= set(SUPPORTED_PATTERNS)
    assert all(format_from_name(pattern.replace("*", "a")) for pattern in SUPPORTED_PATTERNS)


def test_formats_are_known_without_heavy_imports():
    code = (
        "import sys, medssl.io.formats, medssl.io; "
        "print([m for m in ('SimpleITK', 'pydicom', 'tifffile', 'torch') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_written_images_are_listed(tmp_path):
    put(tmp_path / "a.png")
    image = read_image(tmp_path / "a.png")
    write_image(image, tmp_path / "a.nrrd")
    assert keys(list_images(tmp_path)) == ["a.nrrd", "a.png"]


def test_damaged_bytes_never_raise_anything_else(tmp_path, data_dir):
    rng = np.random.default_rng(7)
    names = ["pydicom/CT_small.dcm", "pydicom/JPEG2000.dcm", "pydicom/SC_rgb_rle.dcm"]
    names += ["nibabel/standard.nii.gz", "pynrrd/BallBinary30x30x30_gz.nrrd"]
    for name in names:
        whole = (data_dir / "reader_cases" / name).read_bytes()
        path = tmp_path / Path(name).name
        for _ in range(30):
            content = bytearray(whole)
            for at in rng.integers(0, min(len(content), 3000), 20):
                content[at] = rng.integers(0, 256)
            path.write_bytes(content)
            with suppress(FileRefusedError):
                list_images(path)
                read_image(path)


def make_tiff_of_several(path: Path) -> Path:
    """A plain TIFF of two pictures of different size, the second of them twice as a stack."""
    with tifffile.TiffWriter(path) as file:
        file.write(np.full((30, 40), 1, np.uint8), metadata=None)
        file.write(np.full((50, 20), 2, np.uint8), metadata=None)
        file.write(np.full((50, 20), 3, np.uint8), metadata=None)
    return path


def test_each_series_of_a_tiff_is_an_image_of_its_own(tmp_path):
    make_tiff_of_several(tmp_path / "scan.tif")
    tifffile.imwrite(tmp_path / "one.tif", np.zeros((8, 9), np.uint8))
    listing = list_images(tmp_path)
    assert keys(listing) == ["one.tif", "scan.tif", "scan.tif#1"]
    assert [source.name for source in listing.sources] == ["one.tif", "scan.tif", "scan.tif#1"]
    one, flat, stack = (source.read() for source in listing.sources)
    assert one.array.shape == (8, 9)
    assert (flat.array == 1).all()
    assert (stack.axes, stack.grid.shape, stack.name) == ("zyx", (2, 50, 20), "scan.tif#1")
    assert stack.array[:, 0, 0].tolist() == [2, 3]
    with pytest.raises(FileRefusedError, match="read_images"):
        read_image(tmp_path / "scan.tif")
    assert pickle.loads(pickle.dumps(listing.sources[2])).read().grid.shape == (2, 50, 20)


def test_each_series_of_an_ome_tiff_keeps_its_size(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as file:
        for side, spacing in ((12, 0.5), (20, 0.25)):
            about = {"axes": "YX", "PhysicalSizeX": spacing, "PhysicalSizeY": spacing}
            about |= {"PhysicalSizeXUnit": "mm", "PhysicalSizeYUnit": "mm"}
            file.write(np.zeros((side, side), np.uint8), metadata=about)
    first, second = list_images(tmp_path).sources
    assert (first.key, second.key) == ("a.ome.tif", "a.ome.tif#1")
    assert first.read().grid.spacing == (0.5, 0.5)
    assert second.read().grid.spacing == (0.25, 0.25)


def test_a_tiff_that_lost_a_series_is_refused(tmp_path):
    path = make_tiff_of_several(tmp_path / "scan.tif")
    source = list_images(tmp_path).sources[1]
    tifffile.imwrite(path, np.zeros((8, 9), np.uint8))
    with pytest.raises(FileRefusedError, match="list its folder again"):
        source.read()
    path.write_bytes(path.read_bytes()[:60])
    assert keys(list_images(tmp_path)) == ["scan.tif"]
