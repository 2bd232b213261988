"""Sizes of images on the working grid, as far as they are known before the images are prepared."""

from __future__ import annotations

from collections.abc import Sequence

from medssl.errors import SettingsError
from medssl.geometry import Grid
from medssl.prepare.settings import PrepareSettings


def cubic_shape(grid: Grid) -> tuple[int, ...]:
    """Return the size that an image has in cubic voxels of its finest spacing.

    Examples
    --------
    >>> cubic_shape(Grid.create((10, 40, 40), (5.0, 1.0, 1.0)))
    (50, 40, 40)
    """
    finest = min(grid.spacing)
    return tuple(
        max(1, round(side * spacing / finest))
        for side, spacing in zip(grid.shape, grid.spacing, strict=True)
    )


def working_shapes(
    shapes: Sequence[tuple[int, ...]], settings: PrepareSettings
) -> list[tuple[int, ...]]:
    """Return the sizes that images have on the working grid, from their sizes in cubic voxels.

    Sizes on the working grid come back as they are. A volume keeps its finest spacing, but for
    the most voxels that a side may have.

    Raises
    ------
    SettingsError
        If there is no image of the right dimension.
    """
    found = []
    for shape in shapes:
        sides = [side for side in shape if side > 1] if len(shape) > settings.ndim else list(shape)
        if len(sides) != settings.ndim:
            continue
        longest = max(sides)
        wanted = settings.longest_side if settings.ndim == 2 else min(longest, settings.max_side)
        found.append(tuple(max(1, round(side * wanted / longest)) for side in sides))
    if not found:
        raise SettingsError(f"there is no {settings.ndim}-D image to forecast a training of")
    return found
