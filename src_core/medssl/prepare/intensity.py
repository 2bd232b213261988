"""Robust intensity normalisation: any scale of grey values to 0..1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

PERCENTILES = (0.5, 99.5)
_SAMPLES = 1 << 20
_PADDING_SHARE = 0.01


@dataclass(frozen=True)
class IntensityRange:
    """The grey values that become 0 and 1.

    Parameters
    ----------
    low, high
        Pixel values mapped to 0 and 1; what lies outside is clipped.
    inverted
        Low values are meant to be bright (MONOCHROME1): `high` becomes 0 and `low` 1.
    constant
        All finite pixels are equal: everything becomes 0.
    n_bad
        Share of pixels that are not finite (NaN or infinite), 0 to 1.
    """

    low: float
    high: float
    inverted: bool = False
    constant: bool = False
    n_bad: float = 0.0


def robust_range(array: NDArray[Any], inverted: bool = False) -> IntensityRange | None:
    """Find the grey values to map to 0 and 1.

    The range goes from the 0.5th to the 99.5th percentile of the finite foreground.
    Foreground leaves out the one darkest value where at least 1 % of the pixels have exactly
    it: padding around a CT (-2000, -3024), the zeroed background of MR, a collimator's black.
    Where the foreground is flat (a mask, a nearly empty image) the whole range is used.
    Large images are sampled at a million pixels, always the same ones.

    Returns
    -------
    IntensityRange or None
        None if not one pixel is finite.
    """
    flat = array.reshape(-1)
    if flat.size > _SAMPLES:
        chosen = np.random.default_rng(0).integers(0, flat.size, _SAMPLES)
        flat = flat[np.sort(chosen)]
    values = flat.astype(np.float64)
    finite = values[np.isfinite(values)]
    n_bad = 1.0 - finite.size / values.size
    if finite.size == 0:
        return None
    oriented = -finite if inverted else finite
    darkest = oriented.min()
    if oriented.max() == darkest:
        return IntensityRange(float(finite[0]), float(finite[0]), inverted, True, n_bad)
    padding = oriented == darkest
    foreground = oriented[~padding] if padding.mean() >= _PADDING_SHARE else oriented
    low, high = np.percentile(foreground, PERCENTILES)
    if not high > low:
        low, high = darkest, oriented.max()
    if inverted:
        low, high = -high, -low
    return IntensityRange(float(low), float(high), inverted, False, n_bad)


def apply_range(array: NDArray[Any], span: IntensityRange) -> NDArray[np.float32]:
    """Map pixel values to 0..1; NaN becomes 0, infinities the end they point to."""
    if span.constant:
        return np.zeros(array.shape, np.float32)
    precise = array.dtype.itemsize > 4
    values: NDArray[Any] = array.astype(np.float64 if precise else np.float32)
    bad = np.isnan(values) if values.dtype.kind == "f" and span.n_bad else None
    scale = 1.0 / (span.high - span.low)
    np.subtract(values, span.low, out=values)
    np.multiply(values, scale, out=values)
    np.clip(values, 0.0, 1.0, out=values)
    if span.inverted:
        np.subtract(1.0, values, out=values)
    if bad is not None:
        values[bad] = 0.0
    return values.astype(np.float32, copy=False)
