"""What a net sees: the prepared image, or the slices of a volume, and where the image is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from medssl.prepare import Case


@dataclass(frozen=True)
class Input:
    """An image as a net takes it.

    Parameters
    ----------
    case
        The prepared image.
    axis
        Working axis that slices are cut along; None: the image is taken as it is.
    step
        Working voxels from slice to slice.
    """

    case: Case
    axis: int | None = None
    step: int = 1

    @property
    def values(self) -> NDArray[Any]:
        """``(C, *spatial)``, 0 to 1; of a sliced volume ``(C, slices, rows, columns)``."""
        array: NDArray[Any] = self.case.array
        if self.axis is None:
            return array
        first = np.moveaxis(array, self.axis + 1, 1)
        return first[:, self.step // 2 :: self.step]

    @property
    def shape(self) -> tuple[int, ...]:
        """Size of the values without channels."""
        return tuple(self.values.shape[1:])

    def source_slices(self) -> list[int]:
        """Return which slice of the image, 0-based along its thickest axis, each slice shows."""
        assert self.axis is not None
        count = self.shape[0]
        points_vox = np.zeros((count, 3))
        points_vox[:, self.axis] = self.step // 2 + self.step * np.arange(count)
        source = self.case.source_grid
        turned, order, _ = source.canonical()
        there = self.case.working_to_source(points_vox)[:, order[self.axis]]
        most = turned.shape[self.axis] - 1
        return [int(place) for place in np.clip(np.rint(there), 0, most)]

    def to_working(self, maps: Tensor) -> NDArray[np.float32]:
        """Bring maps ``(K, *shape)`` to the working grid of the case."""
        if self.axis is None:
            return maps.numpy()
        size = self.case.grid.shape[self.axis]
        centres = (torch.arange(size) - self.step // 2) / self.step
        low = centres.floor().clamp(0, maps.shape[1] - 1).long()
        high = (low + 1).clamp(max=maps.shape[1] - 1)
        share = (centres - low).clamp(0, 1)[None, :, None, None]
        spread = maps[:, low] * (1 - share) + maps[:, high] * share
        return np.moveaxis(spread.numpy(), 1, self.axis + 1)


@dataclass(frozen=True)
class WithInside:
    """An input and where it is, as one array ``(C + 1, *spatial)``, for the loader."""

    shown: Input

    @property
    def array(self) -> NDArray[np.float16]:
        """The values, and a last channel of ones."""
        values = self.shown.values
        return np.concatenate([values, np.ones_like(values[:1])]).astype(np.float16)


def as_inputs(cases: Sequence[Case], sliced: bool) -> list[Input]:
    """Return cases as a net takes them.

    A volume is sliced across the axis of its thickest voxels, one slice for each that it has.
    """
    return [_sliced(case) if sliced else Input(case) for case in cases]


def _sliced(case: Case) -> Input:
    """Cut across the axis of the thickest voxels; of equal ones from foot to head."""
    thickness = case.source_grid.canonical()[0].spacing
    axis = int(np.argmax(thickness))
    step = max(1, round(thickness[axis] / case.grid.spacing[axis]))
    return Input(case, axis, min(step, case.grid.shape[axis]))


def is_constant(shown: Input) -> bool:
    """Whether all voxels have one value: nothing can be seen in it."""
    values = shown.values
    return bool(values.max() == values.min())


def upsampled(maps: Tensor, strides: Sequence[int]) -> Tensor:
    """Bring maps ``(B, K, *cells)`` from places to voxels, linearly between places' centres."""
    size = [side * stride for side, stride in zip(maps.shape[2:], strides, strict=True)]
    mode = "bilinear" if maps.ndim == 4 else "trilinear"
    finer: Tensor = F.interpolate(maps.float(), size, mode=mode, align_corners=False)
    return finer
