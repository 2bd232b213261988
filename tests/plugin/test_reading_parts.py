"""The reading room without a window: letters, windows, frames, places, planes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from napari.layers import Image as ImageLayer
from napari.layers import Labels, Points

from medssl.geometry import Grid
from medssl.io.image import Image
from napari_medssl.layers import KEY, image_to_layer
from napari_medssl.reading.directions import ends, letters_along, opposite
from napari_medssl.reading.frames import frames_of
from napari_medssl.reading.headers import file_of, header_rows
from napari_medssl.reading.planes import PLANES, layout_of, points_near, render
from napari_medssl.reading.position import position_in
from napari_medssl.reading.windows import is_hounsfield, offered, percentile_windows

AXIAL, CORONAL, SAGITTAL = PLANES
NIFTI_RAS = np.array([[0, 0, -1], [0, -1, 0], [1, 0, 0]], float)  # columns z, y, x


def layer_of(image: Image) -> ImageLayer:
    data, attributes, _ = image_to_layer(image)
    return ImageLayer(data, **attributes)


def volume(direction=None, **more) -> Image:
    """Values tell their place: 100 z + 10 y + x in the file's own axes."""
    shape = (3, 4, 5)
    z, y, x = np.indices(shape)
    grid = Grid.create(shape, (5.0, 2.0, 1.0), (10.0, -20.0, 30.0), direction)
    return Image((100 * z + 10 * y + x).astype(np.int16), grid, "zyx", name="ct", **more)


def known(image: Image) -> dict:
    return image_to_layer(image)[1]["metadata"][KEY]


# --- letters


@pytest.mark.parametrize(
    ("direction", "letters"),
    [
        ((1, 0, 0), "L"),
        ((0, -1, 0), "A"),
        ((0, 0, 1), "S"),
        ((0.5, -0.8, 0.1), "AL"),
        ((0.9, 0.3, -0.3), "LP"),
        ((0.99, 0.1, 0.0), "L"),  # 6 degrees: not worth a letter
        ((-0.2, 0.0, -0.97), "IR"),
    ],
)
def test_a_direction_is_named_by_the_two_letter_rule(direction, letters) -> None:
    assert letters_along(direction) == letters
    assert letters_along(-np.array(direction)) == opposite(letters)


@given(
    st.permutations(range(3)),
    st.tuples(*[st.booleans()] * 3),
    st.floats(-30, 30),
    st.floats(-30, 30),
)
@settings(max_examples=50, deadline=None)
def test_letters_of_the_screen_are_true_for_every_way_a_volume_lies(order, flips, a, b) -> None:
    (ca, cb), (sa, sb) = np.cos(np.radians([a, b])), np.sin(np.radians([a, b]))
    one = np.array([[ca, -sa, 0], [sa, ca, 0], [0, 0, 1]])
    two = np.array([[1, 0, 0], [0, cb, -sb], [0, sb, cb]])
    direction = one @ two @ np.eye(3)[:, ::-1][:, order] * np.where(flips, -1, 1)
    image = volume(direction)
    layer = layer_of(image)
    origin = position_in(layer, layer.data_to_world((0, 0, 0))).place
    for axis, (low, high) in enumerate(ends(known(image))):
        step = position_in(layer, layer.data_to_world(np.eye(3)[axis])).place
        assert letters_along(np.subtract(step, origin)) == high
        assert opposite(high) == low
    assert [high[0] for _, high in ends(known(image))] == ["S", "P", "L"] or max(abs(a), abs(b)) > 1


def test_films_and_single_slices_have_letters_where_the_file_says_them() -> None:
    grid = Grid.create((6, 5), (0.5, 0.5))
    film = Image(np.zeros((6, 5)), grid, "yx", metadata={"PatientOrientation": ["L", "I"]})
    assert ends(known(film)) == (("S", "I"), ("R", "L"))
    plane = {"plane_lps": [0, 0, 5, 0, 0.5, 6, -0.5, 0, 7]}
    slice_ = Image(np.zeros((6, 5)), grid, "yx", metadata=plane)
    assert ends(known(slice_))[0] == ("S", "I")
    assert ends(known(Image(np.zeros((6, 5)), grid, "yx"))) == ()


def test_no_letters_where_the_side_is_a_guess() -> None:
    assert ends(known(volume(metadata={"orientation_assumed": True}))) == ()
    pixels = Image(np.zeros((3, 4, 5)), Grid.create((3, 4, 5)), "zyx")
    assert ends(known(pixels)) == ()
    assert ends(None) == ()


# --- windows


def test_ct_windows_are_offered_for_hounsfield_units_alone() -> None:
    ct = known(volume(modality="CT", window=(40.0, 400.0)))
    found = {w.name: (w.width, w.level) for w in offered(ct, volume().array)}
    assert found["Bone"] == (1000, 400)
    assert found["Brain"] == (100, 50)
    assert found["Abdomen"] == (350, 40)
    assert found["Lung"] == (1400, -500)
    assert found["File"] == (400, 40)
    mr = {w.name for w in offered(known(volume(modality="MR")), volume().array)}
    assert mr == {"Full", "1–99 %"}


@pytest.mark.parametrize(
    ("modality", "kind", "expected"),
    [("CT", "", True), ("CT", "HU", True), ("CT", "MGML", False), ("", "HU", True),
     ("MR", "", False), ("PT", "US", False), ("", "", False)],
)  # fmt: skip
def test_whether_values_are_hounsfield_units(modality, kind, expected) -> None:
    image = volume(modality=modality, metadata={"RescaleType": kind} if kind else {})
    assert is_hounsfield(known(image)) == expected
    assert is_hounsfield(known(image) | {"hounsfield": not expected}) != expected


def test_each_window_of_the_file_is_offered_with_its_explanation() -> None:
    listed = [
        {"centre": 40.0, "width": 400.0, "explanation": "WINDOW1"},
        {"centre": 300.0, "width": 1500.0, "explanation": "BONE"},
        {"centre": 40.0, "width": 400.0, "explanation": "twice"},
    ]
    found = offered(known(volume(modality="MR", metadata={"windows": listed})), volume().array)
    assert [w.name for w in found] == ["File 1", "Bone", "Full", "1–99 %"]
    assert "(BONE)" in found[1].words
    assert found[1].limits == (-450.0, 1050.0)


def test_percentiles_leave_the_tails_out_and_bear_odd_images() -> None:
    values = np.zeros((100, 100))
    values.ravel()[:] = np.arange(10_000)
    full, middle = percentile_windows(values)
    assert full.limits == (0.0, 9999.0)
    assert middle.limits == pytest.approx((99.99, 9899.01), abs=2)
    assert percentile_windows(np.full((4, 4), np.nan)) == []
    assert percentile_windows(np.full((4, 4), 7))[0].width > 0


# --- frames


def test_frames_say_their_value_with_its_unit() -> None:
    said = {"frames": {"name": "time", "unit": "s", "values": [0.0, 2.5], "rate": 40.0}}
    image = Image(np.zeros((2, 3, 4, 5)), volume().grid, "tzyx", metadata=said)
    frames = frames_of(known(image), image.array.shape)
    assert frames.words(1) == "2 of 2 · time 2.5 s"
    assert frames.rate == 30.0
    plain = Image(np.zeros((2, 3, 4, 5)), volume().grid, "tzyx")
    assert frames_of(known(plain), (2, 3, 4, 5)).words(0) == "1 of 2"
    assert frames_of(known(volume()), (3, 4, 5)) is None


# --- places


@pytest.mark.parametrize("direction", [None, NIFTI_RAS])
def test_a_place_is_that_of_the_file(direction) -> None:
    image = volume(direction)
    layer = layer_of(image)
    source = (1, 2, 3)
    lps = image.grid.voxel_to_world(source)
    shown = np.argwhere(layer.data == image.array[source])[0]
    position = position_in(layer, layer.data_to_world(shown))
    assert position.place == pytest.approx(lps)
    assert position.point_vox == pytest.approx(source)
    assert position.value == image.array[source]
    assert position.in_patient
    assert position.voxel_words == "3, 2, 1"
    assert position.value_words("HU") == "123 HU"
    assert position_in(layer, layer.data_to_world((50, 0, 0))).value_words() == "outside"


def test_a_single_slice_knows_its_place_in_the_patient() -> None:
    grid = Grid.create((6, 5), (0.5, 0.25))
    plane = [0.0, 0.25, 5.0, 0.5, 0.0, 6.0, 0.0, 0.0, 7.0]
    image = Image(np.zeros((6, 5)), grid, "yx", metadata={"plane_lps": plane})
    layer = layer_of(image)
    position = position_in(layer, layer.data_to_world((2, 4)))
    assert position.place == pytest.approx((6.0, 7.0, 7.0))
    assert position.place_words == "6.0, 7.0, 7.0 mm"
    film = layer_of(Image(np.zeros((6, 5)), Grid.create((6, 5)), "yx"))
    assert position_in(film, (2, 4)).unit == "px"
    assert not position_in(film, (2, 4)).in_patient


# --- planes


@pytest.mark.parametrize("direction", [None, NIFTI_RAS])
def test_planes_stand_as_a_radiologist_sees_them(direction) -> None:
    image = volume(direction)
    layer = layer_of(image)
    layer.contrast_limits = (0, 255)
    world = np.array(layer.data_to_world((1, 2, 3)))
    known_ends = ends(known(image))
    for plane, corner in ((AXIAL, "RA"), (CORONAL, "RS"), (SAGITTAL, "AS")):
        picture = render([layer], layer, plane, world)
        shown = np.array([1, 2, 3])
        shown[plane.rows] = layer.data.shape[plane.rows] - 1 if plane.upwards else 0
        shown[plane.columns] = 0
        assert picture[0, 0, 0] == min(layer.data[tuple(shown)], 255)
        top = known_ends[plane.rows][1 if plane.upwards else 0]
        assert known_ends[plane.columns][0] + top == corner


def test_masks_and_maps_on_other_grids_lie_where_they_belong() -> None:
    layer = layer_of(volume())
    layer.contrast_limits = (0, 10_000)
    mask = np.zeros((3, 4, 5), np.uint8)
    mask[1, 2, 3] = 1
    labels = Labels(mask, scale=layer.scale, translate=layer.translate, opacity=1.0)
    labels.colormap = {1: "red", None: "transparent"}
    world = np.array(layer.data_to_world((1, 2, 3)))
    picture = render([layer, labels], layer, AXIAL, world)
    assert picture[2, 3].tolist() == [255, 0, 0]
    assert picture[1, 3, 0] == picture[1, 3, 1]
    coarse = ImageLayer(
        np.array([[[0.0, 1.0]]]), scale=(15, 8, 2.5), colormap="green", blending="additive",
        translate=np.add(layer.translate, (5, 3, 0.75)), contrast_limits=(0, 1),
    )  # fmt: skip
    picture = render([layer, coarse], layer, AXIAL, world)
    assert picture[0, :, 1].tolist()[-2:] == [255, 255]
    assert picture[0, 0, 1] < 50
    coarse.visible = False
    assert render([layer, coarse], layer, AXIAL, world)[0, -1, 1] < 50


def test_a_plane_beside_the_image_and_a_turned_image_have_no_picture() -> None:
    layer = layer_of(volume())
    assert render([layer], layer, AXIAL, np.array([1e3, 0, 0])) is None
    turned = ImageLayer(np.zeros((3, 4, 5)), rotate=(0, 10, 20))
    assert layout_of(turned) is None


def test_frames_and_colours_are_cut_too() -> None:
    array = np.zeros((2, 3, 4, 5), np.int16)
    array[1] = 200
    layer = layer_of(Image(array, volume().grid, "tzyx"))
    layer.contrast_limits = (0, 200)
    place = np.array(layer.data_to_world((1, 1, 1, 1)))
    assert render([layer], layer, CORONAL, place).min() == 255
    assert render([layer], layer, CORONAL, place - (1, 0, 0, 0)).max() == 0
    colour = layer_of(Image(np.full((3, 4, 5, 3), (9, 8, 7), np.uint8), volume().grid, "zyxc"))
    assert render([colour], colour, SAGITTAL, place[1:])[0, 0].tolist() == [9, 8, 7]


def test_points_are_seen_in_their_slice_alone() -> None:
    points = Points([[5.0, 10.0, 20.0], [9.0, 10.0, 40.0]])
    world = np.array([6.0, 10.2, 0.0])
    assert points_near(points, AXIAL, world, 5.0) == [(0, 10.0, 20.0)]
    assert [i for i, *_ in points_near(points, CORONAL, world, 2.0)] == [0, 1]
    timed = Points([[0, 5.0, 10.0, 20.0], [1, 5.0, 10.0, 20.0]])
    found = points_near(timed, AXIAL, np.array([1.0, 5.0, 0, 0]), 5.0)
    assert [i for i, *_ in found] == [1]


# --- headers


def test_the_header_is_that_of_the_slice_that_is_looked_at(tmp_path: Path) -> None:
    files = [tmp_path / f"IM{n}" for n in range(3)]
    for file in files:
        file.write_bytes(b"x")
    of_series = {"files": [str(f) for f in files], "path": str(tmp_path), "header": {}}
    assert file_of(of_series, 1) == files[1]
    assert file_of(of_series, 99) == files[2]
    assert file_of({"files": [], "path": str(files[0])}) == files[0]
    assert file_of({"files": [], "path": None}) is None
    files[1].unlink()
    assert file_of(of_series, 1) is None


def test_other_formats_show_what_the_reader_kept() -> None:
    nrrd = {"space": "left-posterior-superior", "content": "Jane Doe", "orientation_assumed": True}
    rows = header_rows(known(volume(metadata=nrrd)), None)
    assert [(row.name, row.identifying) for row in rows] == [("space", False), ("content", True)]
