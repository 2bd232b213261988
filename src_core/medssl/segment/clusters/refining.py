"""From soft maps of cells to smooth masks that follow the image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy import ndimage

from medssl.embed import EmbeddedCase
from medssl.prepare.resampling import resample

Floats = NDArray[np.float32]
RADIUS = {2: 6, 3: 1}
"""By dimension. In volumes a structure is a few voxels across, and a wide window swallows it."""
CERTAIN = 0.5
"""Share above which a voxel belongs to an organ."""
_LEAST = 1e-3


class RefineSettings(BaseModel):
    """How borders are smoothed and islands removed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    radius: int | None = Field(
        default=None,
        ge=0,
        description="Working voxels around a voxel that decide its border; 0: no smoothing. "
        "Empty: 6 in pictures, 1 in volumes.",
    )
    contrast: float = Field(
        default=0.1, gt=0, description="Contrast of the image (0 to 1) that counts as a border."
    )
    island: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="Islands (and holes) smaller than this share of the structure go.",
    )


def to_voxels(shares: Floats, case: EmbeddedCase) -> Floats:
    """Bring maps of cells ``(K, *cells)`` to the working grid, linearly: ``(K, *working)``."""
    last = np.moveaxis(shares, 0, -1)
    return np.moveaxis(resample(last, case.cell_grid, case.case.grid, _floats), -1, 0)


class Guide:
    """An image that maps are smoothed along: a guided filter.

    Within each window a map is taken to be a linear function of the image, so that its borders
    move to those of the image where there are any.

    Parameters
    ----------
    array
        Prepared values ``(C, *spatial)``; of colours the mean.
    settings
        Window and contrast.
    ndim
        Dimension of the image that `array` is a slice of; None: of `array` itself.

    References
    ----------
    K. He, J. Sun, X. Tang, Guided image filtering, TPAMI 35(6), 2013.
    """

    def __init__(
        self, array: NDArray[Any], settings: RefineSettings, ndim: int | None = None
    ) -> None:
        self._contrast = settings.contrast
        self._image = np.asarray(array, np.float32).mean(0)
        given = settings.radius
        self._radius = RADIUS[ndim or self._image.ndim] if given is None else given
        self._mean = self._average(self._image)
        self._variance = self._average(self._image**2) - self._mean**2

    def smooth(self, values: Floats) -> Floats:
        """Smooth one map ``(*spatial,)``."""
        if self._radius == 0:
            return values
        mean = self._average(values)
        together = self._average(self._image * values) - self._mean * mean
        slope = together / (self._variance + self._contrast**2)
        offset = mean - slope * self._mean
        smooth: Floats = self._average(slope) * self._image + self._average(offset)
        return smooth

    def smooth_share(self, share: Floats) -> Floats:
        """Smooth the share of one structure, 0 to 1, and leave it as large as it was.

        What is thin or small would otherwise fall below one half, and be gone.
        """
        smooth = np.clip(self.smooth(share), 0, 1)
        size = int((share > CERTAIN).sum())
        if not 0 < size < share.size:
            return smooth
        last = share.size - size - 1
        level = float(np.partition(smooth, last, axis=None)[last].clip(_LEAST, 1 - _LEAST))
        below, above = smooth * (CERTAIN / level), 1 - (1 - smooth) * ((1 - CERTAIN) / (1 - level))
        return np.where(smooth > level, above, np.minimum(below, CERTAIN))

    def _average(self, values: Floats) -> Floats:
        side = 2 * self._radius + 1
        return np.asarray(ndimage.uniform_filter(values, side, mode="nearest"), np.float32)


def without_islands(mask: NDArray[np.bool_], share: float) -> NDArray[np.bool_]:
    """Remove islands, and fill holes, that are smaller than a share of the structure."""
    if share == 0 or not mask.any():
        return mask
    least = share * float(mask.sum())
    kept = _large(mask, least)
    return ~_large(~kept, least, border=True)


def _large(mask: NDArray[np.bool_], least: float, border: bool = False) -> NDArray[np.bool_]:
    """Keep parts of at least a size; with `border`, also those that touch the image's border."""
    labels, count = ndimage.label(mask)
    if count == 0:
        return mask
    kept = np.bincount(labels.ravel(), minlength=count + 1) >= least
    if border:
        for axis in range(mask.ndim):
            for end in (0, -1):
                kept[np.unique(labels.take(end, axis))] = True
    elif not kept[1:].any():
        kept[1 + int(np.bincount(labels.ravel())[1:].argmax())] = True
    kept[0] = False
    return np.asarray(kept[labels])


def _floats(raw: NDArray[Any]) -> Floats:
    return raw.astype(np.float32)
