"""PNG, JPEG and TIFF."""

from __future__ import annotations

import imagecodecs
import numpy as np
import pytest
import tifffile

from medssl.errors import FileRefusedError
from medssl.io import read_image, read_images

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(7, 5), (7, 5, 3)])
def test_png_keeps_every_bit(tmp_path, dtype, shape):
    data = RNG.integers(0, np.iinfo(dtype).max, shape).astype(dtype)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(data))
    image = read_image(tmp_path / "a.png")
    np.testing.assert_array_equal(image.array, data)
    assert image.axes == "yxc"[: len(shape)]
    assert (image.grid.shape, image.grid.unit) == ((7, 5), "px")


def test_png_with_palette_bits_and_transparency(tmp_path):
    from PIL import Image

    bits = RNG.integers(0, 2, (9, 11)).astype(bool)
    Image.fromarray(bits).save(tmp_path / "bits.png")
    np.testing.assert_array_equal(read_image(tmp_path / "bits.png").array > 0, bits)
    grey = RNG.integers(0, 255, (9, 11)).astype(np.uint8)
    Image.fromarray(grey).convert("P").save(tmp_path / "palette.png")
    np.testing.assert_array_equal(read_image(tmp_path / "palette.png").array[..., 1], grey)
    rgba = np.dstack([grey, grey, grey, bits[..., None] * np.uint8(255)])
    Image.fromarray(rgba).save(tmp_path / "rgba.png")
    image = read_image(tmp_path / "rgba.png")
    assert image.array.shape == (9, 11, 3)
    assert "transparency" in image.warnings[0]


def test_jpeg_agrees_with_pillow(data_dir):
    from PIL import Image

    files = [*sorted((data_dir / "cxr_covid_seg" / "images").glob("*.jpg"))[:4]]
    files += sorted((data_dir / "chase_db1" / "images").glob("*.jpg"))[:2]
    for path in files:
        image = read_image(path)
        known = np.asarray(Image.open(path)).astype(int)
        assert np.abs(image.array.astype(int) - known).max() <= 3, path.name


def test_one_pixel_and_twenty_thousand(tmp_path):
    (tmp_path / "one.png").write_bytes(imagecodecs.png_encode(np.zeros((1, 1), np.uint8)))
    assert read_image(tmp_path / "one.png").grid.shape == (1, 1)
    wide = imagecodecs.png_encode(np.zeros((3, 20_000), np.uint8))
    (tmp_path / "wide.png").write_bytes(wide)
    assert read_image(tmp_path / "wide.png").grid.shape == (3, 20_000)
    lies = bytearray(wide)
    lies[16:24] = (2**31 - 1).to_bytes(4, "big") * 2
    (tmp_path / "lies.png").write_bytes(lies)
    with pytest.raises(FileRefusedError, match="memory are free"):
        read_image(tmp_path / "lies.png")


def test_broken_and_mislabelled_pictures(tmp_path):
    data = RNG.integers(0, 255, (64, 64)).astype(np.uint8)
    png, jpeg = imagecodecs.png_encode(data), imagecodecs.jpeg_encode(data)
    for name, content, says in [
        ("cut.png", png[: len(png) // 2], "cannot be decoded"),
        ("head.png", png[:20], "cut off"),
        ("cut.jpg", jpeg[: len(jpeg) // 2], "without its end"),
        ("text.png", b"hello", "its content is not that"),
        ("empty.png", b"", "empty"),
        ("text.xyz", b"hello", "not an image in a format"),
        ("cut.tif", tifffile_bytes(tmp_path, data)[:2000], "truncated|decoded"),
    ]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FileRefusedError, match=says) as caught:
            read_image(tmp_path / name)
        assert name in str(caught.value)
    (tmp_path / "really.jpg").write_bytes(png)
    image = read_image(tmp_path / "really.jpg")
    np.testing.assert_array_equal(image.array, data)
    assert "content is png" in image.warnings[0]


def tifffile_bytes(folder, data):
    tifffile.imwrite(folder / "whole.tif", data)
    return (folder / "whole.tif").read_bytes()


def test_missing_and_forbidden(tmp_path):
    with pytest.raises(FileRefusedError, match="no such file"):
        read_image(tmp_path / "none.png")
    with pytest.raises(FileRefusedError, match="no DICOM files"):
        read_image(tmp_path)


def test_ome_tiff_has_its_sizes(tmp_path):
    data = RNG.integers(0, 255, (4, 6, 5)).astype(np.uint8)
    sizes = {"PhysicalSizeX": 500.0, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 0.25}
    sizes |= {"PhysicalSizeYUnit": "mm", "PhysicalSizeZ": 0.2, "PhysicalSizeZUnit": "cm"}
    tifffile.imwrite(tmp_path / "a.ome.tif", data, metadata={"axes": "ZYX", **sizes})
    image = read_image(tmp_path / "a.ome.tif")
    np.testing.assert_array_equal(image.array, data)
    assert image.axes == "zyx"
    np.testing.assert_allclose(image.grid.spacing, (2, 0.25, 0.5))


def test_imagej_stack_has_its_sizes(tmp_path):
    data = RNG.integers(0, 255, (4, 6, 5)).astype(np.uint8)
    about = {"axes": "ZYX", "unit": "mm", "spacing": 3.0}
    tifffile.imwrite(tmp_path / "a.tif", data, imagej=True, resolution=(2.0, 4.0), metadata=about)
    image = read_image(tmp_path / "a.tif")
    assert image.grid.unit == "mm"
    np.testing.assert_allclose(image.grid.spacing, (3, 0.25, 0.5))


def test_plain_tiff_stacks_colour_and_resolution(tmp_path):
    stack = RNG.integers(0, 9999, (4, 60, 50)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="minisblack", resolution=(72, 72))
    image = read_image(tmp_path / "a.tif")
    assert (image.axes, image.grid.unit) == ("zyx", "px")
    np.testing.assert_array_equal(image.array, stack)
    colour = RNG.integers(0, 255, (60, 50, 3)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "b.tif", colour, photometric="rgb")
    assert read_image(tmp_path / "b.tif").axes == "yxc"
    tifffile.imwrite(tmp_path / "c.tif", stack[0], photometric="miniswhite")
    assert read_image(tmp_path / "c.tif").inverted


def test_tiff_of_several_pictures(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(np.zeros((30, 40), np.uint8), metadata=None)
        file.write(np.zeros((50, 20), np.uint8), metadata=None)
    assert [i.grid.shape for i in read_images(tmp_path / "a.tif")] == [(30, 40), (50, 20)]
    with pytest.raises(FileRefusedError, match="2 images"):
        read_image(tmp_path / "a.tif")


def test_truncated_metaimage(tmp_path, data_dir):
    known = data_dir / "volumes" / "elastix" / "2DMRI-T1_brain.mha"
    (tmp_path / "cut.mha").write_bytes(known.read_bytes()[:-500])
    with pytest.raises(FileRefusedError, match=r"cut\.mha: SimpleITK cannot read it"):
        read_image(tmp_path / "cut.mha")


def test_tiff_of_several_pictures_names_what_can_be_done(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(np.zeros((8, 9), np.uint8))
        file.write(np.zeros((5, 6), np.uint8))
    with pytest.raises(FileRefusedError, match="Save each of them as a file of its own"):
        read_image(tmp_path / "a.tif")
    assert [image.grid.shape for image in read_images(tmp_path / "a.tif")] == [(8, 9), (5, 6)]
