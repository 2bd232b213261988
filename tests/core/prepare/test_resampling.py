"""Resampling keeps every point of the world where it is, and lets no moiré through."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medssl.geometry import Grid
from medssl.prepare.resampling import axis_weights, isotropic_grid, resample, working_grid_2d


def as_float(raw: np.ndarray) -> np.ndarray:
    return raw.astype(np.float32)


def oblique(shape: tuple[int, int, int], spacing: tuple[float, float, float]) -> Grid:
    angle = 0.4
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    return Grid.create(shape, spacing, (12.0, -30.0, 5.0), turn @ np.eye(3)[:, ::-1])


@settings(deadline=None)
@given(
    n_in=st.integers(1, 60),
    n_out=st.integers(1, 60),
    start=st.floats(-2, 60),
    step=st.floats(0.05, 30),
)
def test_weights_average(n_in: int, n_out: int, start: float, step: float) -> None:
    weights = axis_weights(n_in, n_out, start, step).toarray()
    assert weights.shape == (n_out, n_in)
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize("spacing", [0.7, 1.5, 3.1])
def test_a_ramp_in_the_world_stays_the_same_ramp(spacing: float) -> None:
    source = oblique((20, 60, 50), (3.0, 1.0, 1.2))
    target = isotropic_grid(source, spacing)

    def ramp(grid: Grid) -> np.ndarray:
        index = np.stack(np.indices(grid.shape), axis=-1)
        return (grid.voxel_to_world(index) @ [0.3, -0.2, 0.5])[..., None]

    result = resample(ramp(source), source, target, as_float)
    inner = tuple(slice(3, n - 3) if n > 6 else slice(1, -1) for n in target.shape)
    np.testing.assert_allclose(result[inner], ramp(target)[inner], atol=1e-3)
    assert target.direction == source.direction
    assert target.spacing == (spacing,) * 3


def test_fine_stripes_become_grey_not_moire() -> None:
    stripes = np.zeros((1000, 1000, 1))
    stripes[:, ::2] = 1.0
    source = Grid.create((1000, 1000))
    result = resample(stripes, source, working_grid_2d(source, 130), as_float)
    assert np.abs(result[:, 2:-2] - 0.5).max() < 0.05


def test_longest_side_and_aspect_in_the_world() -> None:
    grid = working_grid_2d(Grid.create((100, 400), (2.0, 1.0)), 256)
    assert grid.shape == (128, 256)
    assert working_grid_2d(Grid.create((1, 20_000)), 256).shape == (1, 256)
    assert working_grid_2d(Grid.create((1, 1)), 256).shape == (256, 256)
