"""The same voxels in another order are found again; others are refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medssl.errors import GeometryError
from medssl.geometry import Grid
from medssl.io.same_grid import onto_grid

TURN = np.array([[0.0, 0.8, 0.6], [0.0, -0.6, 0.8], [1.0, 0.0, 0.0]])
TARGET = Grid.create((4, 5, 6), (2.5, 0.5, 0.75), (-10, 20.5, 30), TURN)


def reordered(array, order, flips, crop):
    """The same voxels with axes in another order and direction, of a part of the image."""
    low = np.array(crop)
    affine = np.eye(4)
    affine[:3, 3] = low
    part = array[tuple(slice(start, None) for start in crop)].transpose(order)
    for axis, (old, flip) in enumerate(zip(order, flips, strict=True)):
        affine[:3, axis] = 0
        affine[old, axis] = -1 if flip else 1
        if flip:
            affine[old, 3] += part.shape[axis] - 1
            part = np.flip(part, axis)
    return part, Grid.from_affine(part.shape, TARGET.affine @ affine)


@settings(max_examples=60, deadline=None)
@given(
    st.permutations(range(3)),
    st.tuples(*[st.booleans()] * 3),
    st.tuples(*[st.integers(0, 2)] * 3),
)
def test_any_order_direction_and_crop_comes_back(order, flips, crop):
    array = np.arange(1, 121).reshape(TARGET.shape)
    part, grid = reordered(array, order, flips, crop)
    expected = np.zeros_like(array)
    inner = tuple(slice(start, None) for start in crop)
    expected[inner] = array[inner]
    np.testing.assert_array_equal(onto_grid(part, grid, TARGET), expected)
    both = onto_grid(np.stack([part, 2 * part]), grid, TARGET)
    np.testing.assert_array_equal(both, np.stack([expected, 2 * expected]))


def test_empty_margins_are_cut_and_full_ones_refused():
    larger = Grid.create((6, 5, 6), (2.5, 0.5, 0.75), TARGET.voxel_to_world((-1, 0, 0)), TURN)
    array = np.zeros(larger.shape, np.uint8)
    array[1:5] = 7
    assert (onto_grid(array, larger, TARGET) == 7).all()
    array[0, 2, 3] = 1
    with pytest.raises(GeometryError, match="outside of the image"):
        onto_grid(array, larger, TARGET)
    far = Grid.create((2, 5, 6), (2.5, 0.5, 0.75), TARGET.voxel_to_world((9, 0, 0)), TURN)
    assert not onto_grid(np.zeros(far.shape), far, TARGET).any()


@pytest.mark.parametrize(
    ("spacing", "origin"),
    [((2.5, 0.5, 0.8), (-10, 20.5, 30)), ((2.5, 0.5, 0.75), (-10.2, 20.5, 30))],
)
def test_another_grid_is_refused(spacing, origin):
    other = Grid.create((4, 5, 6), spacing, origin, TURN)
    with pytest.raises(GeometryError, match="another grid"):
        onto_grid(np.ones(other.shape), other, TARGET)


def test_pictures_without_pixel_size_fit_by_their_size():
    array = np.ones((3, 4), np.uint8)
    film = Grid.create((3, 4), (0.1, 0.1))
    assert onto_grid(array, Grid.create((3, 4)), film) is array
    with pytest.raises(GeometryError, match="4 × 3 pixels, the image 5 × 3"):
        onto_grid(array, Grid.create((3, 4)), Grid.create((3, 5), (0.1, 0.1)))


def test_a_volume_of_one_slice_is_a_picture():
    flat = Grid.create((3, 4), (0.5, 0.25), (7, 9))
    deep = Grid.create((1, 3, 4), (1, 0.5, 0.25), (7, 9, 0))
    array = np.arange(12).reshape(3, 4)
    np.testing.assert_array_equal(onto_grid(array[None], deep, flat), array)
    np.testing.assert_array_equal(onto_grid(array, flat, deep), array[None])
