"""Segmentations: what they hold, and label maps and Slicer files that keep it."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from medssl.errors import FileRefusedError, SettingsError
from medssl.geometry import Grid
from medssl.io import Image, read_image, write_image
from medssl.io.label_maps import read_label_map, write_label_map
from medssl.io.seg_nrrd import read_seg_nrrd, write_seg_nrrd
from medssl.io.segmentation import Code, Segment, Segmentation, colour_of

TURN = np.array([[0.0, 0.8, 0.6], [0.0, -0.6, 0.8], [1.0, 0.0, 0.0]])
GRID = Grid.create((4, 5, 6), (2.5, 0.5, 0.75), (-10, 20.5, 30), TURN)
LIVER = Code("10200004", "SCT", "Liver")
ORGAN = Code("91723000", "SCT", "Anatomical Structure")


def masks():
    one, two, three = (np.zeros(GRID.shape, bool) for _ in range(3))
    one[:2, 1:4], two[1:3, 2:], three[3] = True, True, True
    return {"liver": one, "lesion: left": two, "leber ü": three}


def same(found, given):
    assert found.segments == given.segments
    np.testing.assert_array_equal(found.layers, given.layers)
    np.testing.assert_allclose(found.grid.affine, given.grid.affine, atol=1e-6)


def test_masks_that_overlap_get_as_few_layers_as_can_be():
    made = Segmentation.from_masks(masks(), GRID)
    assert [(s.layer, s.label) for s in made.segments] == [(0, 1), (1, 1), (0, 2)]
    for segment, mask in zip(made.segments, masks().values(), strict=True):
        np.testing.assert_array_equal(made.mask(segment), mask)
    with pytest.raises(SettingsError, match="'lesion: left' overlaps another"):
        made.flat()


def test_layers_that_do_not_overlap_become_one():
    layers = np.zeros((2, *GRID.shape), np.uint8)
    layers[0, 0], layers[1, 1] = 1, 1
    made = Segmentation(layers, GRID, (Segment("a", 1, 0), Segment("b", 1, 1)))
    flat = made.flat()
    assert [(s.name, s.layer, s.label) for s in flat.segments] == [("a", 0, 1), ("b", 0, 2)]
    assert (flat.layers[0, 0] == 1).all()
    assert (flat.layers[0, 1] == 2).all()


def test_names_of_labels():
    labels = np.zeros(GRID.shape)
    labels[0], labels[1] = 3, 7
    made = Segmentation.from_labels(labels, GRID)
    assert [(s.label, s.name) for s in made.segments] == [(3, "segment 3"), (7, "segment 7")]
    made = Segmentation.from_labels(labels, GRID, ["a", "b"], {"b": "#00ff00"})
    assert [(s.label, s.name) for s in made.segments] == [(3, "a"), (7, "b")]
    assert made.segments[1].colour == "#00ff00"
    made = Segmentation.from_labels(labels, GRID, {5: "absent", 7: "b"})
    assert [s.name for s in made.segments] == ["segment 3", "absent", "b"]
    assert not made.mask(made.segments[1]).any()


def test_each_segment_has_a_colour_of_its_own():
    assert len({colour_of(number) for number in range(40)}) == 40


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Segmentation.from_labels(np.full(GRID.shape, 0.5), GRID), "not whole numbers"),
        (lambda: Segmentation.from_labels(np.full(GRID.shape, -1), GRID), "from -1 to -1"),
        (lambda: Segmentation.from_labels(np.zeros(GRID.shape), GRID), "nothing to write"),
        (lambda: Segmentation.from_labels(np.ones(GRID.shape), GRID, ["a", "b"]), "2 names for 1"),
        (lambda: Segmentation.from_labels(np.ones((2, 2)), GRID), "the shape"),
        (lambda: Segmentation.from_masks({}, GRID), "nothing to write"),
        (lambda: Segmentation.from_masks({" ": np.ones(GRID.shape)}, GRID), "no name"),
        (lambda: Segment("a", 0), "label 0"),
        (lambda: Segment("a", colour="red"), "#rrggbb"),
        (
            lambda: Segmentation(np.ones((1, *GRID.shape), int), GRID, (Segment("a", layer=1),)),
            "layer 1 of 1",
        ),
        (
            lambda: Segmentation(
                np.ones((1, *GRID.shape), int), GRID, (Segment("a"), Segment("b"))
            ),
            "label 1 is given to several",
        ),
    ],
)
def test_what_is_no_segmentation(make, says):
    with pytest.raises(SettingsError, match=says):
        make()


@pytest.mark.parametrize("ending", [".nii", ".nii.gz", ".nrrd", ".mha"])
def test_label_maps(tmp_path, ending):
    labels = np.zeros(GRID.shape, int)
    labels[0], labels[1] = 3, 300
    made = Segmentation.from_labels(labels, GRID, ["a", "b"])
    path = write_label_map(tmp_path / f"m{ending}", made)
    known = sitk.ReadImage(str(path))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(known), labels)
    back = read_label_map(path, {3: "a", 300: "b"})
    np.testing.assert_array_equal(back.layers[0], labels)
    np.testing.assert_allclose(back.grid.affine, GRID.affine, atol=1e-5)
    assert [s.name for s in back.segments] == ["a", "b"]


def test_images_that_are_no_label_maps(tmp_path):
    path = tmp_path / "a.nrrd"
    write_image(Image(np.full(GRID.shape, 0.5), GRID, "zyx"), path)
    with pytest.raises(FileRefusedError, match="no label map"):
        read_label_map(path)
    write_image(Image(np.zeros((3, *GRID.shape), np.uint8), GRID, "tzyx"), path)
    with pytest.raises(FileRefusedError, match="3 frames"):
        read_label_map(path)


def test_slicer_segmentation_in_one_layer(tmp_path):
    labels = np.zeros(GRID.shape, np.uint8)
    labels[0, 1:3, 2:5], labels[2] = 4, 2
    segments = (
        Segment("liver", 4, 0, "#dd8265", ORGAN, LIVER),
        Segment("the rest", 2, 0, "#00ff01"),
        Segment("absent", 9, 0, "#000000"),
    )
    made = Segmentation(labels[None], GRID, segments)
    path = write_seg_nrrd(tmp_path / "a.seg.nrrd", made)
    same(read_seg_nrrd(path), made)
    fields = header(path)
    assert (fields["dimension"], fields["kinds"]) == ("3", "domain domain domain")
    assert fields["Segment0_Extent"] == "2 4 1 2 0 0"
    assert fields["Segment2_Extent"] == "0 -1 0 -1 0 -1"
    assert fields["Segment0_Color"] == "0.866667 0.509804 0.396078"
    assert "~SCT^91723000^Anatomical Structure~SCT^10200004^Liver~" in fields["Segment0_Tags"]
    assert (fields["Segment0_LabelValue"], fields["Segment0_Layer"]) == ("4", "0")
    known = sitk.ReadImage(str(path))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(known), labels)
    assert known.GetMetaData("Segment0_Name") == "liver"


def test_slicer_segmentation_in_layers(tmp_path):
    made = Segmentation.from_masks(masks(), GRID)
    path = write_seg_nrrd(tmp_path / "a.seg.nrrd", made)
    same(read_seg_nrrd(path), made)
    fields = header(path)
    assert (fields["dimension"], fields["sizes"]) == ("4", "2 6 5 4")
    assert fields["kinds"] == "list domain domain domain"
    assert fields["space directions"].startswith("none (")
    known = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))  # the first axis is a vector
    np.testing.assert_array_equal(np.moveaxis(known, -1, 0), made.layers)


def test_slicer_files_older_than_layers(tmp_path):
    made = Segmentation.from_masks(masks() | {"all": np.ones(GRID.shape, bool)}, GRID)
    stacked = np.stack([made.mask(segment) for segment in made.segments]).astype(np.uint8)
    path = write_seg_nrrd(
        tmp_path / "a.seg.nrrd",
        Segmentation(
            stacked, GRID, tuple(Segment(s.name, 1, i) for i, s in enumerate(made.segments))
        ),
    )
    head, body = path.read_bytes().split(b"\n\n", 1)
    kept = [line for line in head.split(b"\n") if b"_Layer:" not in line]
    kept = [line for line in kept if b"_LabelValue:" not in line and b"SourceRep" not in line]
    path.write_bytes(b"\n".join([*kept, b"Segmentation_MasterRepresentation:=Binary labelmap"]))
    path.write_bytes(path.read_bytes() + b"\n\n" + body)
    found = read_seg_nrrd(path)
    assert [s.name for s in found.segments] == [*masks(), "all"]
    for segment, mask in zip(found.segments, stacked, strict=True):
        np.testing.assert_array_equal(found.mask(segment), mask)


def test_a_cropped_slicer_file_comes_back_onto_the_image(tmp_path):
    part = Grid.create((2, 3, 4), GRID.spacing, GRID.voxel_to_world((1, 2, 0)), TURN)
    made = Segmentation.from_masks({"a": np.ones(part.shape, bool)}, part)
    found = read_seg_nrrd(write_seg_nrrd(tmp_path / "a.seg.nrrd", made)).on(GRID)
    expected = np.zeros(GRID.shape, bool)
    expected[1:3, 2:5, :4] = True
    np.testing.assert_array_equal(found.mask(found.segments[0]), expected)


def test_a_picture_is_one_slice_for_slicer(tmp_path):
    flat = Grid.create((3, 4), (0.5, 0.25))
    made = Segmentation.from_masks({"a": np.eye(3, 4)}, flat)
    found = read_seg_nrrd(write_seg_nrrd(tmp_path / "a.seg.nrrd", made))
    assert found.grid.shape == (1, 3, 4)
    np.testing.assert_array_equal(found.on(flat).layers, made.layers)


def test_a_plain_label_map_as_slicer_segmentation(tmp_path):
    path = tmp_path / "a.seg.nrrd"
    write_image(Image(np.full(GRID.shape, 2, np.uint8), GRID, "zyx"), path)
    assert [s.name for s in read_seg_nrrd(path).segments] == ["segment 2"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b"Representation:=Binary", b"Representation:=Fractional", "fractional labelmap"),
        (b"Segment0_Layer:=0", b"Segment0_Layer:=4", "layer 4 of 2"),
        (b"Segment0_LabelValue:=1", b"Segment0_LabelValue:=one", "no segmentation"),
    ],
)
def test_damaged_slicer_files_are_refused(tmp_path, old, new, says):
    path = write_seg_nrrd(tmp_path / "a.seg.nrrd", Segmentation.from_masks(masks(), GRID))
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))
    with pytest.raises(FileRefusedError, match=says):
        read_seg_nrrd(path)


def test_slicer_s_empty_segmentation_is_refused(tmp_path):
    one = Grid.create((1, 1, 1), (1, 1, 1))
    made = Segmentation.from_masks({"a": np.ones(one.shape)}, one)
    with pytest.raises(FileRefusedError, match="no voxels"):
        read_seg_nrrd(write_seg_nrrd(tmp_path / "a.seg.nrrd", made))


@pytest.mark.parametrize(
    ("write", "name"), [(write_label_map, "a.nii.gz"), (write_seg_nrrd, "a.seg.nrrd")]
)
def test_nothing_is_overwritten_unasked(tmp_path, write, name):
    made = Segmentation.from_masks({"a": masks()["liver"]}, GRID)
    path = tmp_path / name
    path.write_bytes(b"mine")
    with pytest.raises(FileRefusedError, match="such a file already"):
        write(path, made)
    assert path.read_bytes() == b"mine"
    write(path, made, overwrite=True)
    assert path.read_bytes() != b"mine"


def header(path):
    head, body = path.read_bytes().split(b"\n\n", 1)
    assert gzip.decompress(body)
    lines = [line for line in head.decode().splitlines() if ":" in line]
    pairs = (line.partition(":") for line in lines)
    return {key: value.lstrip("=").strip() for key, _, value in pairs}


def corners(grid):
    return np.array(np.meshgrid(*[(0, n - 1) for n in grid.shape])).reshape(3, -1).T


def test_every_orientation_keeps_points_and_masks(data_dir, tmp_path):
    files = sorted((data_dir / "reader_cases" / "niivue" / "nifti_space").glob("*.nii.gz"))
    assert len(files) == 48
    rng = np.random.default_rng(0)
    for file in files:
        image = read_image(file)
        labels = (rng.random(image.grid.shape) < 0.02) * rng.integers(1, 4, image.grid.shape)
        made = Segmentation.from_labels(labels, image.grid, ["a", "b", "c"])
        source = sitk.ReadImage(str(file))
        points = corners(image.grid)
        world = image.grid.voxel_to_world(points)
        for name in ("m.nii", "m.nrrd", "m.seg.nrrd"):
            path = tmp_path / name
            slicer = name.endswith(".seg.nrrd")
            (write_seg_nrrd if slicer else write_label_map)(path, made, overwrite=True)
            known = sitk.ReadImage(str(path))
            np.testing.assert_array_equal(sitk.GetArrayFromImage(known), labels)
            back = read_seg_nrrd(path) if slicer else read_label_map(path)
            np.testing.assert_array_equal(back.layers[0], labels)
            assert np.abs(back.grid.voxel_to_world(points) - world).max() < 0.01
            for point, place in zip(points[:, ::-1].tolist(), world, strict=True):
                there = known.TransformContinuousIndexToPhysicalPoint(point)
                assert np.abs(np.array(there) - place).max() < 0.01
                there = source.TransformContinuousIndexToPhysicalPoint(point)
                assert np.abs(np.array(there) - place).max() < 0.01
