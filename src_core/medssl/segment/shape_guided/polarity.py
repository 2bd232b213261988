"""Whether the shape is dark or bright, from what pieces dark and bright voxels form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from medssl.objectives.shape_inside import FIELD
from medssl.prepare import Case
from medssl.segment.shape_guided.prior import ShapePrior
from medssl.segment.shape_guided.settings import ShapeSettings

MOST_IMAGES = 8
SURE = 0.4
"""Difference between dark and bright from which one of them is taken."""
_BLUR = 1 / 4
"""Standard deviation of the blur before voxels are chosen, in widths of the shape."""


def shape_sign(
    cases: Sequence[Case], prior: ShapePrior, settings: ShapeSettings
) -> tuple[Literal[-1, 0, 1], str | None]:
    """Return the sign of the shape's contrast that is asked for, or chosen, and what to say of it.

    1: bright, −1: dark, 0: either.
    """
    if settings.polarity != "auto":
        named: dict[str, Literal[-1, 0, 1]] = {"dark": -1, "bright": 1, "either": 0}
        return named[settings.polarity], None
    dark, bright = unlike(cases, prior)
    told = f"unlike the masks: dark voxels {dark:.1f}, bright ones {bright:.1f}"
    if abs(dark - bright) < SURE:
        return 0, (
            f"whether the shape is dark or bright cannot be told beforehand ({told}): say it with "
            "--polarity, or look closely at what is found"
        )
    sign: Literal[-1, 1] = 1 if bright < dark else -1
    word = "bright" if sign > 0 else "dark"
    return sign, f"the shape is taken to be {word} ({told}); --polarity says otherwise"


def unlike(cases: Sequence[Case], prior: ShapePrior) -> tuple[float, float]:
    """Return how far the pieces of dark and of bright voxels are from those of the masks.

    In each image the darkest and the brightest voxels of the field are taken, as many as the
    shape's share of its masks. Their pieces are compared with the masks': by the share of voxels
    at a border, and by the size of the piece that a voxel lies in.

    Returns
    -------
    dark, bright
        Sum of the differences of the logarithms, median over the images.
    """
    share = prior.share
    wanted = np.median([_pieces(mask > 0.5) for mask in prior.masks], 0)
    away: dict[int, list[float]] = {-1: [], 1: []}
    for case in cases[:: max(1, len(cases) // MOST_IMAGES)]:
        field = np.asarray(case.array[FIELD], np.float32) > 0.5
        grey = np.asarray(case.array[0], np.float32)
        blurred = ndimage.gaussian_filter(grey, max(0.7, _BLUR * prior.width))
        for sign, of_one in away.items():
            signed = sign * blurred
            chosen = (signed > np.quantile(signed[field], 1 - share)) & field
            of_one.append(float(np.abs(_pieces(chosen) - wanted).sum()))
    dark, bright = (float(np.median(away[sign])) for sign in (-1, 1))
    return dark, bright


def _pieces(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return logarithms of the share of voxels at a border, and of the mean size of pieces.

    The size is the mean over voxels, not over pieces.
    """
    if not mask.any():
        return np.zeros(2)
    labels, _ = ndimage.label(mask, np.ones((3,) * mask.ndim))
    sizes = np.bincount(labels.ravel())[1:].astype(np.float64)
    border = mask & ~ndimage.binary_erosion(mask)
    return np.log([border.sum() / mask.sum(), (sizes**2).sum() / sizes.sum()])
