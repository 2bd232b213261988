"""Local contrast inside of the field of view: what of an image a shape is looked for in."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy import ndimage

Floats = NDArray[np.float32]
WIDE = 4.0
"""The second window, as a multiple of the first."""
_LIMIT = 4.0
"""Standard deviations that become 0 and 1; what lies outside is clipped."""
_QUIET = 0.01
"""Grey values, 0 to 1, that a deviation is never taken to be smaller than."""
_DARK = 20 / 255
_LEAST_OUTSIDE = 0.03
"""Share of an image that is dark and touches its border, from which it is beyond the field."""
_COLOURS = {"red": 0, "green": 1, "blue": 2}


class ContrastSettings(BaseModel):
    """Window and colour of the local contrast."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    window: float = Field(
        gt=0, description="Standard deviation of the window, as a share of the longest side."
    )
    colour: Literal["grey", "red", "green", "blue"] = Field(
        default="green", description="Of colour images, what is looked at."
    )


def contrast_channels(
    values: NDArray[Any], settings: ContrastSettings, field: NDArray[np.bool_] | None = None
) -> Floats:
    """Return local contrast in two windows, and the field of view.

    The contrast is the deviation from the mean of the window, over the standard deviation in it;
    both are taken inside of the field alone. It is 0.5 where a voxel is as the mean, and beyond
    the field.

    Parameters
    ----------
    values
        ``(C, *spatial)``, 0 to 1: one channel or red, green, blue.
    settings
        Window and colour.
    field
        The field of view ``(*spatial,)``; None: it is found.

    Returns
    -------
    numpy.ndarray
        ``(3, *spatial)``, 0 to 1: contrast in the window, in one `WIDE` times as wide, and the
        field, 0 or 1.
    """
    brightest = np.asarray(values, np.float32).max(0)
    if field is None:
        field = find_field(brightest)
    if len(values) == 1 or settings.colour == "grey":
        grey = np.asarray(values, np.float32).mean(0)
    else:
        grey = np.asarray(values[_COLOURS[settings.colour]], np.float32)
    sigma = settings.window * max(grey.shape)
    found = [_contrast(grey, field, one) for one in (sigma, WIDE * sigma)]
    return np.stack([*found, field.astype(np.float32)])


def find_field(brightest: NDArray[Any]) -> NDArray[np.bool_]:
    """Find the field of view: all but the dark rest that touches the border.

    A voxel is dark at 20/255 or less in every colour. The field's rim is cut off, where the
    change from dark to bright is no contrast of the image. Where less than 3 % are dark and touch
    the border, all is the field.

    Parameters
    ----------
    brightest
        The brightest colour of each voxel ``(*spatial,)``, 0 to 1.

    Examples
    --------
    >>> disc = np.hypot(*np.mgrid[-32:32, -32:32]) < 28
    >>> bool(find_field(0.5 * disc)[32, 32]), bool(find_field(0.5 * disc)[0, 0])
    (True, False)
    >>> bool(find_field(np.full((8, 8), 0.5)).all())
    True
    """
    labels, _ = ndimage.label(np.asarray(brightest) <= _DARK)
    at_border = np.unique(np.concatenate([_border(labels, axis) for axis in range(labels.ndim)]))
    outside = np.isin(labels, at_border[at_border > 0])
    if outside.mean() < _LEAST_OUTSIDE or outside.mean() > 1 - _LEAST_OUTSIDE:
        return np.ones(outside.shape, np.bool_)
    rim = max(1, round(max(outside.shape) / 120))
    grown = ndimage.binary_dilation(outside, iterations=rim)
    return np.asarray(~grown, np.bool_)


def _border(labels: NDArray[Any], axis: int) -> NDArray[Any]:
    return labels.take([0, -1], axis).ravel()


def _contrast(grey: Floats, field: NDArray[np.bool_], sigma: float) -> Floats:
    weight = field.astype(np.float32)
    known = np.maximum(ndimage.gaussian_filter(weight, sigma), 1e-3)

    def mean(maps: Floats) -> Floats:
        return np.asarray(ndimage.gaussian_filter(maps * weight, sigma) / known, np.float32)

    away = grey - mean(grey)
    deviation = np.sqrt(mean(away**2) + _QUIET**2)
    scaled = np.clip(away / deviation / (2 * _LIMIT), -0.5, 0.5)
    return np.where(field, 0.5 + scaled, 0.5).astype(np.float32)
