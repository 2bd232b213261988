"""DICOM SEG and parametric maps: on the slices they refer to, and back voxel for voxel."""

from __future__ import annotations

import sys
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813
from pydicom.uid import ComputedRadiographyImageStorage, generate_uid

from medssl.errors import FileRefusedError, GeometryError, SettingsError
from medssl.geometry import Grid
from medssl.io import list_images, read_image
from medssl.io._itk import from_itk
from medssl.io.dicom_map import write_dicom_map
from medssl.io.dicom_seg import read_dicom_seg, write_dicom_seg
from medssl.io.dicom_source import read_dicom_source
from medssl.io.same_grid import onto_grid
from medssl.io.segmentation import Code, Segment, Segmentation

sys.path.insert(0, str(Path(__file__).parent))
from dicom_files import make_series, make_slice, ramp

LIVER = Code("10200004", "SCT", "Liver")
ORGAN = Code("91723000", "SCT", "Anatomical Structure")
LINKS = {
    "StudyInstanceUID": generate_uid(),
    "FrameOfReferenceUID": generate_uid(),
    "PatientID": "P7",
    "StudyID": "12",
}
UPRIGHT = [0.0, 3.0, 6.0, 9.0]
OBLIQUE = ["11-T1post-18670", "26401-T1prereg-52906", "36468-FLAIRreg-58706", "37830-T2reg-78532"]


def source_of(where):
    (source,) = list_images(where).sources
    return read_dicom_source(source.files, source.path)


def series(tmp_path, heights=UPRIGHT, shift=0.0, **tags):
    make_series(tmp_path / "series", heights, shift, **{**LINKS, **tags})
    return source_of(tmp_path / "series")


def blobs(grid, seed=0):
    """Masks that overlap, of which one leaves out slices and one is a single voxel."""
    rng = np.random.default_rng(seed)
    masks = {name: rng.random(grid.shape) < 0.2 for name in ("liver", "lesion", "dot")}
    masks["lesion"][1:-1] = False
    masks["dot"][:] = False
    masks["dot"].ravel()[-2] = True
    return masks


def assert_same(found, masks):
    assert [segment.name for segment in found.segments] == list(masks)
    for segment in found.segments:
        np.testing.assert_array_equal(found.mask(segment), masks[segment.name])


def corners_agree(one, other):
    points = np.array(np.meshgrid(*[(0, n - 1) for n in one.shape])).reshape(one.ndim, -1).T
    assert one.shape == other.shape
    assert np.abs(one.voxel_to_world(points) - other.voxel_to_world(points)).max() < 0.01


@pytest.mark.parametrize("name", OBLIQUE)
def test_oblique_series_get_their_masks_back(data_dir, tmp_path, name):
    folder = data_dir / "brain_mr_dicom" / "Study3" / name
    source, image = source_of(folder), read_image(folder)
    assert source.grid == image.grid
    assert not source.resampled
    masks = blobs(image.grid)
    path = write_dicom_seg(
        tmp_path / "a.dcm", Segmentation.from_masks(masks, image.grid), source, "a model"
    )
    assert_same(read_dicom_seg(path, source), masks)
    assert_same(read_dicom_seg(path).on(image.grid), masks)
    other = hd.seg.segread(path)
    slices = {str(header.SOPInstanceUID): z for z, header in enumerate(source.headers)}
    by_slice = other.get_pixels_by_source_instance(
        list(slices), ignore_spatial_locations=False, assert_missing_frames_are_empty=True
    )
    for number, mask in enumerate(masks.values()):
        np.testing.assert_array_equal(by_slice[..., number], mask)
    volume = other.get_volume(combine_segments=False)
    corners = np.array([[0, 0, 0], np.array(volume.spatial_shape) - 1])
    places = volume.map_indices_to_reference(corners)
    ours = image.grid.world_to_voxel(places)
    assert np.abs(ours - np.round(ours)).max() * max(image.grid.spacing) < 0.01


def test_a_segmentation_links_to_its_source(data_dir, tmp_path):
    source = source_of(data_dir / "brain_mr_dicom" / "Study3" / OBLIQUE[0])
    masks = blobs(source.grid)
    path = write_dicom_seg(tmp_path / "a.dcm", Segmentation.from_masks(masks, source.grid), source)
    made, first = pydicom.dcmread(path), source.headers[0]
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID", "FrameOfReferenceUID",
                    "StudyID", "AccessionNumber", "StudyDate"):  # fmt: skip
        assert made[keyword].value == first[keyword].value, keyword
    assert made.SeriesInstanceUID != first.SeriesInstanceUID
    (referenced,) = made.ReferencedSeriesSequence
    assert referenced.SeriesInstanceUID == first.SeriesInstanceUID
    assert len(referenced.ReferencedInstanceSequence) == len(source.headers)
    by_uid = {header.SOPInstanceUID: header for header in source.headers}
    for frame in made.PerFrameFunctionalGroupsSequence:
        (image,) = frame.DerivationImageSequence[0].SourceImageSequence
        position = frame.PlanePositionSequence[0].ImagePositionPatient
        known = by_uid[image.ReferencedSOPInstanceUID].ImagePositionPatient
        np.testing.assert_allclose(position, known, atol=1e-6)


def test_names_terms_colours_and_what_drew_it(tmp_path):
    source = series(tmp_path)
    labels = np.zeros(source.grid.shape, np.uint8)
    labels[1, 2:4, 1], labels[2] = 9, 4
    segments = (
        Segment("the liver", 9, 0, "#dd8265", ORGAN, LIVER),
        Segment("rest", 4, 0, "#00ff01"),
        Segment("absent", 5, 0, "#808080"),
    )
    given = Segmentation(labels[None], source.grid, segments)
    path = write_dicom_seg(tmp_path / "a.dcm", given, source)
    found = read_dicom_seg(path, source)
    assert [(s.name, s.category, s.kind) for s in found.segments] == [
        ("the liver", ORGAN, LIVER),
        *((s.name, s.category, s.kind) for s in segments[1:]),
    ]
    for one, other in zip(found.segments, segments, strict=True):
        parts = [[int(s.colour[i : i + 2], 16) for i in (1, 3, 5)] for s in (one, other)]
        assert np.abs(np.diff(parts, axis=0)).max() <= 1
        np.testing.assert_array_equal(found.mask(one), given.mask(other))
    assert pydicom.dcmread(path).SegmentSequence[0].SegmentAlgorithmType == "MANUAL"
    path = write_dicom_seg(tmp_path / "b.dcm", given, source, "LD")
    item = pydicom.dcmread(path).SegmentSequence[0]
    assert item.SegmentAlgorithmType == "AUTOMATIC"
    assert item.SegmentAlgorithmName == "LD"


def test_a_mask_in_another_order_of_axes_lands_on_the_slices(tmp_path):
    source = series(tmp_path)
    masks = blobs(source.grid)
    affine = source.grid.affine
    affine[:3, 3] = source.grid.voxel_to_world([s - 1 for s in source.grid.shape])
    affine[:3, :3] = -affine[:3, :3][:, ::-1]
    turned = Grid.from_affine(source.grid.shape[::-1], affine)
    given = {name: mask.transpose(2, 1, 0)[::-1, ::-1, ::-1] for name, mask in masks.items()}
    path = write_dicom_seg(tmp_path / "a.dcm", Segmentation.from_masks(given, turned), source)
    assert_same(read_dicom_seg(path, source), masks)


@pytest.mark.parametrize(
    ("heights", "shift"),
    [(UPRIGHT, 0.3), ([0.0, 3.0, 6.5, 9.0, 12.0], 0.0)],
    ids=["tilted gantry", "uneven slices"],
)
def test_resampled_series_keep_the_grid_that_was_drawn_on(tmp_path, heights, shift):
    source = series(tmp_path, heights, shift)
    image = read_image(tmp_path / "series")
    assert source.resampled
    assert source.grid == image.grid
    masks = blobs(image.grid)
    path = write_dicom_seg(tmp_path / "a.dcm", Segmentation.from_masks(masks, image.grid), source)
    assert_same(read_dicom_seg(path, source), masks)
    assert pydicom.dcmread(path).FrameOfReferenceUID == LINKS["FrameOfReferenceUID"]
    values = np.random.default_rng(1).normal(size=image.grid.shape).astype(np.float32)
    back = read_image(write_dicom_map(tmp_path / "m.dcm", values, image.grid, source))
    np.testing.assert_array_equal(back.array, values)
    corners_agree(back.grid, image.grid)


@pytest.mark.parametrize(
    "relative",
    [
        "volumes/dcm_qa_ct/GE",
        "volumes/dcmqi/segmentations/24x38x3/multiframe/mf.dcm",
        "reader_cases/niivue/enh.dcm",
        "reader_cases/cornerstone/CT0012.fragmented_no_bot_jpeg_baseline.51.dcm",
        "reader_cases/pydicom/CT_small.dcm",
    ],
)
def test_tilted_multi_frame_and_single_slices(data_dir, tmp_path, relative):
    source, image = source_of(data_dir / relative), read_image(data_dir / relative)
    assert source.grid == image.grid
    masks = blobs(image.grid)
    path = write_dicom_seg(tmp_path / "a.dcm", Segmentation.from_masks(masks, image.grid), source)
    assert_same(read_dicom_seg(path, source), masks)
    values = np.random.default_rng(1).normal(size=image.grid.shape).astype(np.float32)
    back = read_image(write_dicom_map(tmp_path / "m.dcm", values, image.grid, source))
    np.testing.assert_array_equal(back.array, values)
    corners_agree(back.grid, image.grid)


def film(tmp_path, **tags):
    nothing = dict.fromkeys(("ImagePositionPatient", "ImageOrientationPatient"))
    values = {**LINKS, "SOPClassUID": ComputedRadiographyImageStorage, "Modality": "CR"}
    values |= {**nothing, "FrameOfReferenceUID": None, **tags}
    return source_of(make_slice(tmp_path / "film.dcm", ramp(), **values))


@pytest.mark.parametrize("spacing", [[0.5, 0.75], None])
def test_films_have_masks_but_no_map(tmp_path, spacing):
    source = film(tmp_path, PixelSpacing=spacing)
    masks = blobs(source.grid)
    path = write_dicom_seg(tmp_path / "a.dcm", Segmentation.from_masks(masks, source.grid), source)
    assert_same(read_dicom_seg(path, source), masks)
    with pytest.raises(FileRefusedError, match="a place in the patient"):
        write_dicom_map(tmp_path / "m.dcm", masks["dot"] * 1.0, source.grid, source)
    assert not (tmp_path / "m.dcm").exists()


@pytest.mark.parametrize("name", OBLIQUE[:2])
def test_maps_of_an_oblique_series(data_dir, tmp_path, name):
    folder = data_dir / "brain_mr_dicom" / "Study3" / name
    source, image = source_of(folder), read_image(folder)
    values = np.random.default_rng(2).normal(3, 5, image.grid.shape).astype(np.float32)
    path = write_dicom_map(tmp_path / "m.dcm", values, image.grid, source, "Anomaly")
    back = read_image(path)
    np.testing.assert_array_equal(back.array, values)
    corners_agree(back.grid, image.grid)
    other = hd.imread(path)
    volume = other.get_volume(apply_real_world_transform=True, dtype=np.float64)
    places = volume.map_indices_to_reference(np.array([[0, 0, 0], [3, 200, 100]]))
    where = np.round(image.grid.world_to_voxel(places)).astype(int)
    assert volume.array[0, 0, 0] == values[tuple(where[0])]
    assert volume.array[3, 200, 100] == values[tuple(where[1])]
    made = pydicom.dcmread(path)
    assert made.FrameOfReferenceUID == source.frame_of_reference
    assert made.ContentDescription == "Anomaly"


@pytest.mark.parametrize("name", ["upright", *OBLIQUE])
def test_simpleitk_sees_a_mask_where_it_is(request, tmp_path, name):
    if name == "upright":
        source = series(tmp_path)
    else:
        source = source_of(request.getfixturevalue("data_dir") / "brain_mr_dicom" / "Study3" / name)
    mask = np.random.default_rng(3).random(source.grid.shape) < 0.5
    made = Segmentation.from_masks({"a": mask}, source.grid)
    path = write_dicom_seg(tmp_path / "a.dcm", made, source)
    known = from_itk(sitk.ReadImage(str(path)), path, {})
    points = [[0, 0, 0], [known.grid.shape[0] - 1, 3, 4]]
    inside = source.grid.world_to_voxel(known.grid.voxel_to_world(points))
    away = np.abs(inside - np.round(inside)) * source.grid.spacing
    assert away.max() < 0.01
    placed = onto_grid(known.array > 0, known.grid, source.grid)
    np.testing.assert_array_equal(placed, mask)


@pytest.mark.parametrize(
    ("tags", "says"),
    [
        ({"StudyInstanceUID": None}, "no StudyInstanceUID"),
        ({"FrameOfReferenceUID": None}, "no FrameOfReferenceUID"),
        ({"PixelSpacing": None}, "no pixel spacing"),
    ],
)
def test_sources_that_nothing_can_refer_to(tmp_path, tags, says):
    with pytest.raises(FileRefusedError, match=says) as caught:
        series(tmp_path, **tags)
    assert "NIfTI" in caught.value.remedy


def test_mixed_sources_are_refused(tmp_path):
    make_series(tmp_path / "a", UPRIGHT[:2], **LINKS)
    make_series(tmp_path / "b", UPRIGHT[2:], **LINKS, SeriesInstanceUID=generate_uid())
    files = sorted((tmp_path / "a").iterdir()) + sorted((tmp_path / "b").iterdir())
    with pytest.raises(FileRefusedError, match="differ in SeriesInstanceUID"):
        read_dicom_source(files, tmp_path)


def test_time_points_and_films_of_frames_are_refused(tmp_path, data_dir):
    make_series(tmp_path / "s", UPRIGHT, **LINKS)
    make_series(tmp_path / "s", UPRIGHT, start=20, **LINKS)
    with pytest.raises(FileRefusedError, match="2 time points"):
        source_of(tmp_path / "s")
    moving = data_dir / "reader_cases" / "pydicom" / "examples_ybr_color.dcm"
    with pytest.raises(FileRefusedError, match="a film, no volume"):
        source_of(moving)
    with pytest.raises(FileRefusedError, match="no places of their own"):
        source_of(data_dir / "reader_cases" / "pydicom" / "rtdose.dcm")


@pytest.mark.parametrize("charset", [None, "ISO_IR 100"])
def test_names_of_any_alphabet(tmp_path, charset):
    patient = "Müller^Jürgen" if charset else "Doe^Jane"
    source = series(tmp_path, SpecificCharacterSet=charset, PatientName=patient)
    name = "肝臓 печень ü"
    made = Segmentation.from_masks({name: np.ones(source.grid.shape)}, source.grid)
    path = write_dicom_seg(tmp_path / "a.dcm", made, source)
    assert read_dicom_seg(path).segments[0].name == name
    assert pydicom.dcmread(path).PatientName == patient
    values = np.ones(source.grid.shape)
    path = write_dicom_map(tmp_path / "m.dcm", values, source.grid, source, "ж" * 64)
    assert pydicom.dcmread(path).ContentDescription == "ж" * 64


def test_missing_patient_data_stay_empty(tmp_path):
    source = series(tmp_path, PatientID=None, PatientName=None, StudyID=None)
    made = Segmentation.from_masks(blobs(source.grid), source.grid)
    written = pydicom.dcmread(write_dicom_seg(tmp_path / "a.dcm", made, source))
    assert written.PatientID in ("", None)


def test_what_cannot_be_written(tmp_path):
    source = series(tmp_path)
    path = tmp_path / "a.dcm"
    ones = np.ones(source.grid.shape, bool)
    elsewhere = Grid.create(source.grid.shape, (1, 1, 1))
    with pytest.raises(GeometryError, match="another grid"):
        write_dicom_seg(path, Segmentation.from_masks({"a": ones}, elsewhere), source)
    with pytest.raises(SettingsError, match="no segment has a voxel"):
        write_dicom_seg(path, Segmentation.from_masks({"a": ~ones}, source.grid), source)
    for name in ("a" * 65, "a\\b", "a\nb"):
        with pytest.raises(SettingsError, match="of a segment cannot be kept in DICOM"):
            write_dicom_seg(path, Segmentation.from_masks({name: ones}, source.grid), source)
    with pytest.raises(SettingsError, match="no finite numbers"):
        write_dicom_map(path, np.full(source.grid.shape, np.nan), source.grid, source)
    with pytest.raises(SettingsError, match="of the map cannot be kept"):
        write_dicom_map(path, ones * 1.0, source.grid, source, " ")
    with pytest.raises(GeometryError, match="another grid"):
        write_dicom_map(path, ones * 1.0, elsewhere, source)
    assert not path.exists()


def test_nothing_is_overwritten_unasked(tmp_path):
    source = series(tmp_path)
    made = Segmentation.from_masks(blobs(source.grid), source.grid)
    path = tmp_path / "a.dcm"
    path.write_bytes(b"mine")
    with pytest.raises(FileRefusedError, match="such a file already"):
        write_dicom_seg(path, made, source)
    with pytest.raises(FileRefusedError, match="such a file already"):
        write_dicom_map(path, np.ones(source.grid.shape), source.grid, source)
    assert path.read_bytes() == b"mine"
    write_dicom_seg(path, made, source, overwrite=True)
    assert pydicom.dcmread(path).Modality == "SEG"


@pytest.mark.parametrize("name", ["nothing.dcm", "other.dcm", "image.dcm"])
def test_what_is_no_segmentation(tmp_path, name):
    path = tmp_path / name
    if name == "other.dcm":
        path.write_bytes(b"x" * 300)
    elif name == "image.dcm":
        make_slice(path, ramp())
    with pytest.raises(FileRefusedError, match=name):
        read_dicom_seg(path)


@pytest.mark.parametrize(
    ("name", "segment_name", "file", "label"),
    [
        ("liver.dcm", "Liver", "liver_seg.nrrd", 1),
        ("partial_overlaps.dcm", "ORANGE", "partial_overlaps-2.nrrd", 2),
        ("partial_overlaps.dcm", "PURPLE", "partial_overlaps-3.nrrd", 3),
        ("sparse-labelmap-ppv5.dcm", "Liver", "sparse_labelmap_ppv5_seg.nrrd", 1),
    ],
)
def test_segmentations_of_others_are_read(data_dir, name, segment_name, file, label):
    folder = data_dir / "volumes" / "dcmqi" / "segmentations"
    image = read_image(next(folder.rglob(file)))
    found = read_dicom_seg(next(folder.rglob(name))).on(image.grid)
    (segment,) = [s for s in found.segments if s.name == segment_name]
    np.testing.assert_array_equal(found.mask(segment), image.array == label)


def test_without_highdicom_the_extra_is_named(tmp_path, monkeypatch):
    source = series(tmp_path)
    made = Segmentation.from_masks(blobs(source.grid), source.grid)
    monkeypatch.setitem(sys.modules, "highdicom", None)
    for act in (
        lambda: write_dicom_seg(tmp_path / "a.dcm", made, source),
        lambda: write_dicom_map(tmp_path / "a.dcm", np.ones((4, 6, 5)), source.grid, source),
        lambda: read_dicom_seg(tmp_path / "a.dcm"),
    ):
        with pytest.raises(SettingsError, match=r"napari-medssl\[dicom\]"):
            act()
