"""One image, prepared: orientation, points, colour, odd sizes, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from medssl.errors import FileRefusedError, SettingsError
from medssl.geometry import Grid
from medssl.io.image import Image
from medssl.prepare import PrepareSettings, prepare_image, resolve_settings
from medssl.prepare.prepared import COLOUR_AS_GREY


def spot_volume(direction: np.ndarray) -> tuple[Image, tuple[int, int, int]]:
    array = np.random.default_rng(0).random((24, 40, 30)) * 0.1
    array[8:15, 18:25, 6:13] = 1.0
    grid = Grid.create(array.shape, (2.0, 1.0, 1.0), (5.0, 6.0, 7.0), direction)
    return Image(array, grid, "zyx"), (11, 21, 9)


@pytest.mark.parametrize("flip", [(1, 1, 1), (-1, 1, -1), (1, -1, 1)])
@pytest.mark.parametrize("order", [(2, 1, 0), (0, 2, 1)])
def test_a_spot_stays_at_its_world_point(flip: tuple[int, ...], order: tuple[int, ...]) -> None:
    image, point = spot_volume(np.eye(3)[:, list(order)] * flip)
    prepared = prepare_image(image, PrepareSettings(ndim=3, spacing_mm=1.0))
    where = prepared.grid.world_to_voxel(image.grid.voxel_to_world(point))
    brightest = np.argwhere(prepared.array[0] > 0.95)
    np.testing.assert_allclose(brightest.mean(axis=0), where, atol=0.6)
    np.testing.assert_allclose(np.array(prepared.grid.direction), np.eye(3)[:, ::-1], atol=1e-9)
    assert prepared.array.dtype == np.float16


def test_colour_becomes_grey_by_luminance_or_stays_colour() -> None:
    rgb = np.zeros((20, 30, 3), np.uint8)
    rgb[:10, :, 0] = 255
    rgb[10:, :, 1] = 255
    image = Image(rgb, Grid.create((20, 30)), "yxc")
    grey = prepare_image(image, PrepareSettings(longest_side=30))
    assert grey.array.shape == (1, 20, 30)
    assert float(grey.array[0, 3, 3]) == pytest.approx(0.2126, abs=1e-3)
    assert float(grey.array[0, 16, 3]) == pytest.approx(0.7152, abs=1e-3)
    assert prepare_image(image, PrepareSettings(longest_side=30, channels=3)).array.shape[0] == 3


def test_colours_that_are_lost_are_said() -> None:
    """Of pictures that have some; a grey film that is stored as RGB has none."""
    rgb = np.zeros((20, 30, 3), np.uint8)
    rgb[:10, :, 0] = 255
    film = np.repeat(np.random.default_rng(0).integers(0, 255, (20, 30, 1), np.uint8), 3, axis=-1)
    said = {
        name: COLOUR_AS_GREY
        in prepare_image(
            Image(array, Grid.create((20, 30)), "yxc"), PrepareSettings(channels=channels)
        ).warnings
        for name, array, channels in (("grey", rgb, 1), ("colour", rgb, 3), ("film", film, 1))
    }
    assert said == {"grey": True, "colour": False, "film": False}


def test_first_frame_is_used_and_said() -> None:
    frames = np.stack([np.eye(32), np.zeros((32, 32))])
    prepared = prepare_image(Image(frames, Grid.create((32, 32)), "tyx"), PrepareSettings())
    assert prepared.array.max() > 0.9
    assert "first of 2 frames" in prepared.warnings[0]


def test_one_slice_is_a_picture() -> None:
    array = np.random.default_rng(0).random((1, 40, 50))
    image = Image(array, Grid.create(array.shape, (5.0, 0.5, 0.5)), "zyx")
    prepared = prepare_image(image, PrepareSettings(longest_side=100))
    assert prepared.array.shape == (1, 80, 100)
    assert prepared.source_grid.spacing == (0.5, 0.5)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (20_000, 3)])
def test_odd_sizes(shape: tuple[int, int]) -> None:
    image = Image(np.random.default_rng(0).random(shape), Grid.create(shape), "yx")
    prepared = prepare_image(image, PrepareSettings(longest_side=64))
    assert max(prepared.array.shape) == 64
    assert np.isfinite(prepared.array).all()


def test_one_pixel_and_constant_are_said() -> None:
    prepared = prepare_image(Image(np.ones((1, 1)), Grid.create((1, 1)), "yx"), PrepareSettings())
    assert "very small" in " ".join(prepared.warnings)
    assert "same value" in " ".join(prepared.warnings)


def test_all_nan_is_refused() -> None:
    image = Image(np.full((30, 30), np.nan), Grid.create((30, 30)), "yx", name="empty.nii")
    with pytest.raises(FileRefusedError, match=r"empty\.nii.*finite"):
        prepare_image(image, PrepareSettings())


def test_other_dimension_is_refused_with_its_size() -> None:
    image = Image(np.zeros((5, 6, 7)), Grid.create((5, 6, 7)), "zyx", name="scan")
    with pytest.raises(FileRefusedError, match="a volume \\(7 × 6 × 5\\)"):
        prepare_image(image, PrepareSettings(ndim=2))


def test_absurdly_fine_grid_is_refused() -> None:
    grid = Grid.create((100, 512, 512), (5.0, 1.0, 1.0))
    image = Image(np.zeros(grid.shape, np.uint8), grid, "zyx")
    with pytest.raises(FileRefusedError, match="larger voxel size"):
        prepare_image(image, PrepareSettings(ndim=3, spacing_mm=0.05))


def test_automatic_voxel_size() -> None:
    grids = [
        Grid.create((20, 100, 100), (5.0, 0.9, 0.9)),
        Grid.create((30, 120, 100), (5.0, 1.1, 1.1)),
    ]
    resolved = resolve_settings(grids, PrepareSettings(ndim=3))
    assert resolved.spacing_mm == 1.0
    capped = resolve_settings(grids, PrepareSettings(ndim=3, max_side=64))
    assert capped.spacing_mm is not None
    assert 150 / capped.spacing_mm <= 64
    with pytest.raises(SettingsError, match="voxel size"):
        resolve_settings([], PrepareSettings(ndim=3))
