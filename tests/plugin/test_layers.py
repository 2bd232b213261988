"""Images become layers and come back on their true geometry."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medssl.geometry import Grid
from medssl.io.image import Image
from napari_medssl.layers import KEY, Display, contrast_limits, image_to_layer, layer_to_image

RAS = np.array([[0, 0, -1], [0, -1, 0], [1, 0, 0]], float)  # columns z, y, x


def volume(direction=None, shape=(3, 4, 5)) -> Image:
    grid = Grid.create(shape, (2.5, 0.8, 0.7), (10.0, -20.0, 30.0), direction)
    return Image(np.arange(np.prod(shape), dtype=np.int16).reshape(shape), grid, "zyx", name="ct")


def oblique() -> np.ndarray:
    c, s = np.cos(0.3), np.sin(0.3)
    return np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]]) @ RAS


@pytest.mark.parametrize("direction", [None, RAS, oblique()])
def test_a_volume_comes_back_as_it_was(direction) -> None:
    image = volume(direction)
    data, attributes, kind = image_to_layer(image)
    assert kind == "image"
    back = layer_to_image(data, attributes)
    assert np.array_equal(back.array, image.array)
    assert back.grid == image.grid


def test_the_patients_right_is_on_the_left_of_the_screen() -> None:
    image = volume(RAS)
    data, attributes, _ = image_to_layer(image)
    display = Display.of(image.grid)
    left, right = (0, 0, 0), (0, 0, data.shape[2] - 1)
    worlds = [image.grid.voxel_to_world(display.to_source(p)) for p in (left, right)]
    assert worlds[0][0] < worlds[1][0]  # LPS: x grows to the patient's left
    assert attributes["units"] == ("mm",) * 3
    assert attributes["axis_labels"] == ("z", "y", "x")


def test_world_coordinates_of_the_screen_are_those_of_the_image() -> None:
    image = volume(RAS)
    _, attributes, _ = image_to_layer(image)
    display = Display.of(image.grid)
    shown = np.array([1.0, 2.0, 3.0])
    screen = shown * attributes["scale"] + attributes["translate"]
    assert screen[::-1] == pytest.approx(image.grid.voxel_to_world(display.to_source(shown)))


@given(
    st.permutations(range(3)),
    st.tuples(*[st.booleans()] * 3),
    st.tuples(*[st.floats(-0.5, 6.5)] * 3),
)
@settings(max_examples=60, deadline=None)
def test_points_go_to_the_screen_and_back(order, flips, point) -> None:
    direction = np.eye(3)[:, ::-1][:, order] * np.where(flips, -1, 1)
    display = Display.of(volume(direction, (5, 6, 7)).grid)
    assert display.to_source(display.to_shown(point)) == pytest.approx(point)


def test_pixels_and_points_move_together() -> None:
    image = volume(oblique())
    display = Display.of(image.grid)
    shown = display.show(image.array)
    at = (1, 2, 3)
    source = tuple(int(v) for v in display.to_source(at))
    assert shown[at] == image.array[source]
    assert np.array_equal(display.unshow(shown), image.array)


def test_a_similarity_map_lies_on_its_image() -> None:
    image = volume(RAS)
    display = Display.of(image.grid)
    cells = image.grid.canonical()[0].with_shape((3, 2, 2))
    overlay = display.overlay(cells)
    for cell in ((0, 0, 0), (2, 1, 1)):
        world = cells.voxel_to_world(cell)
        shown = display.to_shown(image.grid.world_to_voxel(world))
        expected = shown * display.scale + display.translate
        assert np.array(cell) * overlay["scale"] + overlay["translate"] == pytest.approx(expected)


def test_colour_time_and_window() -> None:
    grid = Grid.create((4, 5))
    colour = Image(np.full((4, 5, 3), 65535, np.uint16), grid, "yxc")
    data, attributes, _ = image_to_layer(colour)
    assert attributes["rgb"]
    assert data.max() == 1.0
    assert attributes["units"] == ("pixel", "pixel")
    film = Image(np.zeros((6, 4, 5)), grid, "tyx")
    data, attributes, _ = image_to_layer(film)
    assert attributes["axis_labels"] == ("frame", "y", "x")
    assert layer_to_image(data, attributes).axes == "tyx"
    window = Image(np.zeros((4, 5), np.int16), grid, "yx", window=(40.0, 400.0), inverted=True)
    _, attributes, _ = image_to_layer(window)
    assert attributes["contrast_limits"] == (-160.0, 240.0)
    assert attributes["colormap"] == "gray_r"


@pytest.mark.parametrize(
    "array",
    [np.zeros((4, 5)), np.full((4, 5), np.nan), np.full((4, 5), 7, np.int16), np.ones((1, 1))],
)
def test_constant_and_empty_images_still_have_limits(array) -> None:
    low, high = contrast_limits(Image(array, Grid.create(array.shape), "yx"))
    assert low < high


def test_a_layer_of_another_plugin_takes_its_geometry_from_napari() -> None:
    attributes = {
        "name": "theirs",
        "scale": (3.0, 2.0, 1.0),
        "translate": (30.0, 20.0, 10.0),
        "units": ("um",) * 3,
    }
    image = layer_to_image(np.zeros((2, 3, 4)), attributes)
    assert image.grid.unit == "mm"
    assert image.grid.spacing == pytest.approx((0.003, 0.002, 0.001))
    assert image.grid.voxel_to_world((1, 1, 1)) == pytest.approx((0.011, 0.022, 0.033))
    assert layer_to_image(np.zeros((3, 4)), {"name": "plain"}).grid.unit == "px"


def test_metadata_tells_where_the_image_came_from() -> None:
    _, attributes, _ = image_to_layer(volume())
    assert attributes["metadata"][KEY]["grid"]["spacing"] == [2.5, 0.8, 0.7]
