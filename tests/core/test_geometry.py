"""Voxels and world fit together for any grid."""

from __future__ import annotations

import json
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medssl.errors import GeometryError
from medssl.geometry import Grid
from medssl.io import Image

NUMBER = st.floats(-500, 500, allow_nan=False)
SPACING = st.floats(0.01, 20, allow_nan=False)


@st.composite
def grids(draw, sheared=True):
    """Any grid of two or three axes: rotated, mirrored, and sheared if wanted."""
    n = draw(st.sampled_from([2, 3]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    matrix, _ = np.linalg.qr(rng.normal(size=(n, n)))
    matrix = matrix * rng.choice([-1, 1], n)
    if sheared and draw(st.booleans()):
        matrix = matrix @ (np.eye(n) + np.triu(rng.uniform(-0.4, 0.4, (n, n)), 1))
        matrix = matrix / np.linalg.norm(matrix, axis=0)
    shape = draw(st.tuples(*[st.integers(1, 40)] * n))
    return Grid.create(
        shape, draw(st.tuples(*[SPACING] * n)), draw(st.tuples(*[NUMBER] * n)), matrix
    )


@given(grids(), st.data())
@settings(deadline=None, max_examples=50)
def test_voxel_to_world_and_back(grid, data):
    points = np.array(data.draw(st.lists(st.tuples(*[NUMBER] * grid.ndim), min_size=1, max_size=5)))
    back = grid.world_to_voxel(grid.voxel_to_world(points))
    np.testing.assert_allclose(back, points, atol=1e-6 / min(grid.spacing) + 1e-6)
    np.testing.assert_allclose(grid.voxel_to_world(points[0]), grid.voxel_to_world(points)[0])
    np.testing.assert_allclose(grid.voxel_to_world([0] * grid.ndim), grid.origin)


@given(grids())
@settings(deadline=None, max_examples=50)
def test_one_step_along_an_axis_is_its_spacing(grid):
    for axis in range(grid.ndim):
        step = np.eye(grid.ndim)[axis]
        moved = grid.voxel_to_world(step) - grid.voxel_to_world(0 * step)
        assert np.linalg.norm(moved) == pytest.approx(grid.spacing[axis], rel=1e-6)


@given(grids())
@settings(deadline=None, max_examples=50)
def test_affine_and_dictionary_round_trips(grid):
    again = Grid.from_affine(grid.shape, grid.affine, grid.unit)
    np.testing.assert_allclose(again.affine, grid.affine, atol=1e-9)
    assert Grid.from_dict(json.loads(json.dumps(grid.to_dict()))) == grid


@given(grids())
@settings(deadline=None, max_examples=50)
def test_canonical_moves_voxels_and_world_together(grid):
    array = np.arange(np.prod(grid.shape)).reshape(grid.shape)
    canonical, order, flips = grid.canonical()
    moved = np.flip(array.transpose(order), [i for i, flip in enumerate(flips) if flip])
    assert moved.shape == canonical.shape
    for voxel in [
        (0,) * grid.ndim,
        tuple(s - 1 for s in grid.shape),
        tuple(s // 2 for s in grid.shape),
    ]:
        there = canonical.world_to_voxel(grid.voxel_to_world(voxel))
        index = tuple(np.rint(there).astype(int))
        np.testing.assert_allclose(there, index, atol=1e-6)
        assert moved[index] == array[voxel]


@given(grids())
@settings(deadline=None, max_examples=50)
def test_canonical_runs_as_lps_does(grid):
    canonical, _, _ = grid.canonical()
    diagonal = np.diag(np.array(canonical.direction)[::-1])
    assert (diagonal >= 0).all()
    strength = np.abs(np.array(grid.direction)[::-1])
    others = [sum(strength[i, a] for i, a in enumerate(p)) for p in permutations(range(grid.ndim))]
    assert diagonal.sum() == pytest.approx(max(others))
    again, order, flips = canonical.canonical()
    assert order == tuple(range(grid.ndim))
    assert not any(flips)
    assert again == canonical


@given(grids(sheared=False), st.data())
@settings(deadline=None, max_examples=50)
def test_with_shape_keeps_the_outer_edges(grid, data):
    shape = data.draw(st.tuples(*[st.integers(1, 60)] * grid.ndim))
    other = grid.with_shape(shape)
    assert other.shape == shape
    first = np.full(grid.ndim, -0.5)
    for start, stop in [(first, first), (np.array(grid.shape) - 0.5, np.array(shape) - 0.5)]:
        np.testing.assert_allclose(
            grid.voxel_to_world(start), other.voxel_to_world(stop), atol=1e-6
        )
    assert other.diagonal == pytest.approx(grid.diagonal)
    np.testing.assert_allclose(other.with_shape(grid.shape).affine, grid.affine, atol=1e-6)


def test_plain_grids():
    flat = Grid.create((3, 4))
    assert (flat.unit, flat.spacing) == ("px", (1, 1))
    np.testing.assert_array_equal(flat.voxel_to_world((2, 1)), (1, 2))
    deep = Grid.create((2, 3, 4), (5, 2, 1), (10, 20, 30))
    assert deep.unit == "mm"
    np.testing.assert_array_equal(deep.voxel_to_world((1, 1, 1)), (11, 22, 35))
    assert deep.is_orthogonal


@pytest.mark.parametrize(
    ("point", "inside"),
    [
        ((0, 0), True),
        ((-0.5, 3.5), True),
        ((2.51, 0), False),
        ((0, -0.51), False),
        ((np.nan, 0), False),
    ],
)
def test_a_voxel_reaches_half_a_step_around_its_centre(point, inside):
    assert Grid.create((3, 4)).contains_voxel(point) is inside


@pytest.mark.parametrize(
    "arguments",
    [
        {"shape": (3,)},
        {"shape": (3, 0)},
        {"shape": (3, 4), "spacing": (1, 0)},
        {"shape": (3, 4), "spacing": (1, np.nan)},
        {"shape": (3, 4), "spacing": (1, 1, 1)},
        {"shape": (3, 4), "direction": [[1, 1], [1, 1]]},
        {"shape": (3, 4), "direction": [[1, np.inf], [0, 1]]},
    ],
)
def test_impossible_grids_are_refused(arguments):
    with pytest.raises(GeometryError):
        Grid.create(**arguments)


def test_singular_affine_is_refused():
    with pytest.raises(GeometryError):
        Grid.from_affine((2, 2, 2), np.zeros((4, 4)))


def test_image_and_grid_must_fit():
    grid = Grid.create((3, 4))
    with pytest.raises(GeometryError, match="axes say"):
        Image(np.zeros((3, 4, 3)), grid, "yx")
    with pytest.raises(GeometryError, match="its grid"):
        Image(np.zeros((4, 3)), grid, "yx")
    film = Image(np.arange(24).reshape(2, 3, 4), grid, "tyx", name="a", warnings=("w",))
    assert (film.frames, film.is_colour, film.ndim) == (2, False, 2)
    frame = film.frame(1)
    assert (frame.axes, frame.name, frame.warnings) == ("yx", "a", ("w",))
    np.testing.assert_array_equal(frame.array, film.array[1])
    with pytest.raises(IndexError):
        film.frame(2)
