"""The contact sheet shows the truth and the find where they are."""

from __future__ import annotations

import numpy as np
import pytest

from medssl.errors import SettingsError
from medssl.figures import TITLE_HEIGHT, Tile, contact_sheet, landmark_colours


def _where(sheet: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return np.argwhere((sheet == colour).all(axis=-1))


def test_circle_is_drawn_around_the_found_point() -> None:
    tile = Tile(np.zeros((100, 100)), "one", found={"tip": (25.0, 75.0)})
    sheet = np.asarray(contact_sheet([tile], tile_px=200))
    drawn = _where(sheet[: 200 + TITLE_HEIGHT + 6], landmark_colours(["tip"])["tip"])
    centre = (drawn.min(axis=0) + drawn.max(axis=0)) / 2
    assert centre == pytest.approx([6 + TITLE_HEIGHT + 50.5, 6 + 150.5], abs=1)


def test_cross_and_circle_of_a_perfect_find_share_their_centre() -> None:
    point = {"tip": (40.0, 30.0)}
    both = contact_sheet([Tile(np.zeros((80, 60)), "", point, point)], tile_px=160)
    truth = contact_sheet([Tile(np.zeros((80, 60)), "", point)], tile_px=160)
    assert (np.asarray(both) != np.asarray(truth)).any()
    assert both.size == truth.size


def test_images_of_several_shapes_fill_rows() -> None:
    tiles = [Tile(np.full(s, 0.5), str(s)) for s in [(40, 80), (80, 40), (10, 10), (1, 1), (5, 90)]]
    sheet = contact_sheet(tiles, columns=4, tile_px=100)
    assert sheet.width == 4 * 106 + 6
    assert sheet.height > 2 * 100


def test_no_images_is_refused() -> None:
    with pytest.raises(SettingsError):
        contact_sheet([])
