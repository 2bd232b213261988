"""Masks between an image's own grid and the working grid."""

from __future__ import annotations

import numpy as np
import pytest

from medssl.geometry import Grid
from medssl.io import Image
from medssl.prepare import PrepareSettings, prepare_image
from medssl.prepare.maps import to_source, to_working

TURNS = [
    np.eye(3),
    np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]], float),
    np.array([[0, 0, -1], [0, 1, 0], [1, 0, 0]], float),
    np.diag([-1.0, -1.0, 1.0]),
]


@pytest.mark.parametrize("direction", TURNS)
def test_there_and_back_in_any_orientation(direction: np.ndarray) -> None:
    grid = Grid.create((20, 26, 32), (1.5, 1.0, 0.8), (5.0, -7.0, 30.0), direction)
    mask = np.zeros(grid.shape, np.bool_)
    mask[3:12, 8:20, 5:14] = True
    image = prepare_image(
        Image(np.where(mask, 100.0, 0.0), grid, "zyx"), PrepareSettings(ndim=3, spacing_mm=1.0)
    )
    working = to_working(mask[None], grid, image.grid)[0]
    seen = image.array[0].astype(float)
    assert np.abs(working - seen).max() < 0.02  # the mask lies where the image shows it
    back = to_source(working[None], image.grid, grid)[0] > 0.5
    assert 2 * (back & mask).sum() / (back.sum() + mask.sum()) > 0.93


def test_pictures() -> None:
    grid = Grid.create((90, 60))
    mask = np.zeros((2, *grid.shape), np.bool_)
    mask[0, 20:70, 10:50], mask[1, :30, 40:] = True, True
    image = prepare_image(Image(mask[0] * 9.0, grid, "yx"), PrepareSettings(longest_side=45))
    working = to_working(mask, grid, image.grid)
    assert working.shape == (2, 45, 30)
    back = to_source(working, image.grid, grid) > 0.5
    assert (back == mask).mean() > 0.99
