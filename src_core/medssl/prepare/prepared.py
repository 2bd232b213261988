"""One image on its working grid, normalised."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from medssl.errors import FileRefusedError, SettingsError
from medssl.geometry import Grid
from medssl.prepare.contrast import contrast_channels
from medssl.prepare.intensity import IntensityRange, apply_range, robust_range
from medssl.prepare.orientation import as_picture, to_canonical, working_ndim
from medssl.prepare.resampling import isotropic_grid, resample, working_grid_2d
from medssl.prepare.settings import PrepareSettings

if TYPE_CHECKING:
    from medssl.io.image import Image

LARGEST_WORKING_GRID = 2**29
COLOUR_AS_GREY = "it is in colour, and only its brightness is used"
"""Warning about an image whose colours a grey model does not see."""
_SAME_COLOUR = 0.02
_THINNED = 3
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)


@dataclass(frozen=True)
class PreparedImage:
    """What a model sees of an image.

    Parameters
    ----------
    array
        ``(C, *spatial)``, float16, 0 to 1.
    grid
        Working grid, in the same world as the source.
    source_grid
        Grid of the image as it was read (of its plane, for a volume of a single slice).
    warnings
        The image's own warnings and those of the preparation.
    """

    array: NDArray[np.float16]
    grid: Grid
    source_grid: Grid
    warnings: tuple[str, ...] = ()


def prepare_image(image: Image, settings: PrepareSettings) -> PreparedImage:
    """Bring an image to its working grid and its grey values to 0..1.

    Volumes are turned to canonical orientation first (z to superior, y to posterior, x to
    left, along the image's own axes where it is oblique). Grey values outside of the robust
    range are clipped before the resampling, so that padding and metal do not bleed.

    Raises
    ------
    FileRefusedError
        If the image has the other dimension, or no finite pixel, or its working grid would be
        absurdly large.
    SettingsError
        If the voxel size of 3-D settings is not resolved yet.
    """
    where = image.path if image.path is not None else (image.name or "image")
    if working_ndim(image.grid) != settings.ndim:
        raise FileRefusedError(where, *dimension_problem(image.grid, settings.ndim))
    warnings = list(image.warnings)
    if image.frames > 1:
        warnings.append(f"only the first of {image.frames} frames is used")
    image = image.frame(0)
    if settings.ndim == 2:
        image = as_picture(image)
    array = image.array if image.is_colour else image.array[..., None]
    array, turned = to_canonical(array, image.grid) if settings.ndim == 3 else (array, image.grid)
    target = _target_grid(turned, settings, where)
    span = robust_range(array, image.inverted)
    if span is None:
        raise FileRefusedError(
            where, "not one pixel is a finite number", "Export the image again from its source."
        )
    warnings += _intensity_warnings(span, image.grid)
    if settings.channels == 1 and _has_colours(array, span):
        warnings.append(COLOUR_AS_GREY)
    convert = partial(_normalised, span=span, channels=settings.channels)
    result = np.clip(np.moveaxis(resample(array, turned, target, convert), -1, 0), 0.0, 1.0)
    if settings.contrast is not None:
        result = contrast_channels(result, settings.contrast)
    return PreparedImage(
        array=np.ascontiguousarray(result, dtype=np.float16),
        grid=target,
        source_grid=image.grid,
        warnings=tuple(warnings),
    )


def dimension_problem(grid: Grid, ndim: int) -> tuple[str, str]:
    """Say in words that an image does not fit settings of `ndim` axes, and what to do."""
    kinds = {2: "a picture", 3: "a volume"}
    size = " × ".join(str(s) for s in reversed(grid.shape))
    return (
        f"it is {kinds[5 - ndim]} ({size}), but this cohort is prepared as {ndim}-D",
        f"Put pictures and volumes in separate folders, or work in {5 - ndim}-D, with a model of "
        f"{5 - ndim}-D images or instant.",
    )


def _target_grid(grid: Grid, settings: PrepareSettings, where: Any) -> Grid:
    if settings.ndim == 2:
        return working_grid_2d(grid, settings.longest_side)
    if settings.spacing_mm is None:
        raise SettingsError("the voxel size is still open; call resolve_settings first")
    extent = np.array(grid.shape) * np.array(grid.spacing)
    if float(np.prod(np.maximum(1.0, extent / settings.spacing_mm))) > LARGEST_WORKING_GRID:
        raise FileRefusedError(
            where,
            f"at {settings.spacing_mm:g} mm its working grid would exceed 800 × 800 × 800 voxels",
            "Choose a larger voxel size.",
        )
    return isotropic_grid(grid, settings.spacing_mm)


def _intensity_warnings(span: IntensityRange, grid: Grid) -> list[str]:
    found = []
    if max(grid.shape) < 16:
        size = " × ".join(str(s) for s in reversed(grid.shape))
        found.append(f"very small image ({size})")
    if span.constant:
        found.append("all pixels have the same value")
    if span.n_bad > 0:
        found.append(f"{100 * span.n_bad:.2g} % of the pixels are not finite numbers, taken as 0")
    return found


def _has_colours(array: NDArray[Any], span: IntensityRange) -> bool:
    """Whether pixels ``(..., C)`` differ between their colours; many grey images are RGB."""
    if array.shape[-1] < 3:
        return False
    thinned = array[(slice(None, None, _THINNED),) * (array.ndim - 1)]
    values = apply_range(thinned[..., :3], span)
    return bool(np.ptp(values, axis=-1).mean() > _SAME_COLOUR)


def _normalised(raw: NDArray[Any], span: IntensityRange, channels: int) -> NDArray[np.float32]:
    """Scale raw pixels ``(..., C)`` to 0..1 and bring them to `channels` channels."""
    values = apply_range(raw, span)
    colours = values.shape[-1]
    if channels == 1 and colours >= 3:
        return np.asarray(values[..., :3] @ _LUMINANCE)[..., None]
    if channels == 1:
        return values[..., :1]
    if colours >= 3:
        return values[..., :3]
    return np.repeat(values[..., :1], 3, axis=-1)
