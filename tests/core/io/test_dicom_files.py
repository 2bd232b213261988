"""Single DICOM files: pixels in every encoding, pixel size, colour, frames."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from medssl.errors import FileRefusedError
from medssl.io import read_image

sys.path.insert(0, str(Path(__file__).parent))
from dicom_files import make_slice, ramp

#: Largest difference in grey levels of the lossy encodings of the CT (range -3024 to 1378).
LOSSY = {".50": 65, ".51": 36, ".53": 36, ".55": 36, ".81": 1, ".91": 5}


def test_one_ct_in_all_its_transfer_syntaxes(data_dir):
    folder = data_dir / "reader_cases" / "cornerstone"
    known = read_image(folder / "CTImage.dcm")
    files = sorted(folder.glob("CTImage.dcm_*.dcm"))
    assert len(files) == 15
    for path in files:
        image = read_image(path)
        allowed = LOSSY.get(path.name.removesuffix(".dcm")[-3:], 0)
        difference = np.abs(image.array.astype(float) - known.array)
        assert difference.max() <= allowed, path.name
        assert difference.mean() <= 0.4 + allowed / 3
        assert image.grid == known.grid
        assert image.window == (40, 400)


def test_colour_and_grey_agree_with_gdcm(data_dir):
    names = """
        693_J2KI CT_small ExplVR_BigEnd GDCMJ2K_TextGBR
        J2K_pixelrep_mismatch JPEG-lossy JPEG2000 JPEGLSNearLossless_08
        JPEGLSNearLossless_16 JPGExtended MR_small MR_small_RLE
        MR_small_bigendian MR_small_jp2klossless MR_small_jpeg_ls_lossless MR_small_padded
        SC_rgb_dcmtk_+eb+cr SC_rgb_dcmtk_+eb+cy+n1 SC_rgb_dcmtk_+eb+cy+s2 SC_rgb_gdcm_KY
        SC_rgb_jls_lossy_line SC_rgb_jls_lossy_sample SC_rgb_jpeg SC_rgb_jpeg_app14_dcmd
        SC_rgb_jpeg_dcmd SC_rgb_jpeg_gdcm SC_rgb_jpeg_lossy_gdcm SC_rgb_rle
        SC_rgb_small_odd SC_ybr_full_422_uncompressed examples_jpeg2k examples_palette
        examples_rgb_color examples_ybr_color image_dfl
    """.split()  # noqa: SIM905
    for name in names:
        path = data_dir / "reader_cases" / "pydicom" / f"{name}.dcm"
        image = read_image(path)
        known = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
        np.testing.assert_array_equal(image.array, known.reshape(image.array.shape), name)


def test_colour_of_more_bits_is_the_same_picture(data_dir):
    folder = data_dir / "reader_cases" / "pydicom"
    known = read_image(folder / "SC_rgb_rle.dcm").array.astype(np.uint32)
    for bits, factor in (("16", 0x101), ("32", 0x1010101)):
        image = read_image(folder / f"SC_rgb_rle_{bits}bit.dcm")
        np.testing.assert_array_equal(image.array, known * factor)


def test_dose_grids_are_scaled(data_dir):
    import pydicom

    path = data_dir / "reader_cases" / "pydicom" / "rtdose.dcm"
    known = pydicom.dcmread(path)
    image = read_image(path)
    expected = known.pixel_array * float(known.DoseGridScaling)
    np.testing.assert_allclose(image.array, expected, rtol=1e-6)
    assert image.grid.spacing == (5, 10, 10)


def test_enhanced_frames_make_a_volume(data_dir):
    image = read_image(data_dir / "reader_cases" / "niivue" / "enh.dcm")
    assert image.axes == "zyx"
    np.testing.assert_allclose(image.grid.spacing, (2.4, 3.375, 3.375), rtol=1e-5)
    np.testing.assert_allclose(image.grid.origin, (-109.79, -58.4773, -5.40356), atol=1e-4)


def test_frames_agree_with_the_slices_they_were_made_of(data_dir):
    for size in ("23x38x3", "24x38x3"):
        folder = data_dir / "volumes" / "dcmqi" / "segmentations" / size
        frames = read_image(folder / "multiframe" / "mf.dcm")
        slices = read_image(folder / "image")
        assert frames.grid.shape == slices.grid.shape
        np.testing.assert_allclose(frames.grid.affine, slices.grid.affine, atol=1e-4)


def test_monochrome1_is_marked_not_changed(tmp_path):
    path = make_slice(tmp_path / "a.dcm", ramp(), PhotometricInterpretation="MONOCHROME1")
    image = read_image(path)
    assert image.inverted
    np.testing.assert_array_equal(image.array, ramp() - 1024)


@pytest.mark.parametrize(
    ("tags", "spacing", "unit", "says"),
    [
        ({}, (0.5, 0.75), "mm", None),
        ({"PixelSpacing": None}, (1, 1), "px", None),
        ({"PixelSpacing": None, "ImagerPixelSpacing": [0.2, 0.2]}, (0.2, 0.2), "mm", "detector"),
        ({"PixelSpacing": [0, 0]}, (1, 1), "px", None),
        ({"Modality": "DX"}, (0.5, 0.75), "mm", "detector"),
        ({"Modality": "DX", "ImagerPixelSpacing": [0.6, 0.9]}, (0.5, 0.75), "mm", None),
        ({"Modality": "DX", "ImagerPixelSpacing": [0.5, 0.75]}, (0.5, 0.75), "mm", "detector"),
        ({"Modality": "DX", "PixelSpacingCalibrationType": "FIDUCIAL"}, (0.5, 0.75), "mm", None),
        (
            {"PixelSpacing": None, "NominalScannedPixelSpacing": [0.3, 0.3]},
            (0.3, 0.3),
            "mm",
            "scanned film",
        ),
    ],
)
def test_pixel_size_and_what_it_means(tmp_path, tags, spacing, unit, says):
    image = read_image(make_slice(tmp_path / "a.dcm", ramp(), **tags))
    assert (image.grid.spacing, image.grid.unit) == (spacing, unit)
    if says:
        assert says in image.warnings[0]
    else:
        assert not image.warnings


def test_a_slice_knows_its_plane(tmp_path):
    image = read_image(make_slice(tmp_path / "a.dcm", ramp(), (1, 2, 3)))
    plane = np.array(image.metadata["plane_lps"]).reshape(3, 3)
    np.testing.assert_allclose(plane, [[0, 0.75, 1], [0.5, 0, 2], [0, 0, 3]])


def test_files_that_hold_no_image(data_dir, tmp_path):
    folder = data_dir / "reader_cases"
    for name, says in [
        ("pydicom/test-SR.dcm", "Comprehensive SR"),
        ("pydicom/rtstruct.dcm", "RT Structure Set"),
        ("pydicom/dicomdirtests/DICOMDIR", "an index"),
        ("pydicom/MR_truncated.dcm", "truncated"),
        ("pydicom/badVR.dcm", "damaged"),
        ("pydicom/liver_1frame.dcm", "segmentation"),
        ("nibabel/0.dcm", "mosaic"),
    ]:
        with pytest.raises(FileRefusedError, match=says):
            read_image(folder / name)
    (tmp_path / "a.dcm").write_bytes(bytes(range(256)) * 10)
    with pytest.raises(FileRefusedError, match="DICOM"):
        read_image(tmp_path / "a.dcm")
