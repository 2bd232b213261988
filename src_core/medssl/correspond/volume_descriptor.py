"""The dense descriptor of volumes.

As in 2-D, gradient moments around each cell at several scales: the mean gradient, its magnitude
and its five second-order moments (a structure tensor without its trace, divided by the
magnitude), with the equalised value, at the place itself and on a sphere of neighbours.
"""

from __future__ import annotations

import math
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

from medssl.correspond.separable import blur_volumes, sample_volumes

SCALES = 3
_VALUE, _MAGNITUDE, _VECTOR, _TENSOR = 0.3, 0.6, 1.0, 0.8
_SMOOTH = 0.8
_WINDOW = 1.5
_RADIUS = 4.0
_EQUALISED = 10.7
_FLAT = 0.02

_FACES = [d for d in product((-1, 0, 1), repeat=3) if sum(map(abs, d)) == 1]
_CORNERS = list(product((-1, 1), repeat=3))
_AROUND = [
    tuple(_RADIUS * step / math.hypot(*direction) for step in direction)
    for direction in _FACES + _CORNERS
]
LENGTH = SCALES * 10 * (1 + len(_AROUND))
"""Numbers in a descriptor."""


def describe_volume(values: Tensor, stride: int) -> Tensor:
    """Describe values ``(1, z, y, x)`` on cells: unit vectors ``(E, *ceil(spatial / stride))``."""
    cells = tuple(-(-size // stride) for size in values.shape[1:])
    padding = [(0, n * stride - s) for n, s in zip(cells, values.shape[1:], strict=True)]
    flat = [p for pair in reversed(padding) for p in pair]
    level = _equalise(F.pad(values[None], flat, mode="replicate")[0])
    parts = []
    for scale in range(SCALES):
        parts.append(_describe(level, cells, stride / 2**scale))
        if scale + 1 < SCALES:
            halves = [min(2, size) for size in level.shape[1:]]
            level = F.avg_pool3d(level, halves, ceil_mode=True, count_include_pad=False)
    return F.normalize(torch.cat(parts), dim=0)


def _describe(level: Tensor, cells: tuple[int, ...], voxels_a_cell: float) -> Tensor:
    """Descriptor of one scale at the centres of the cells, ``(E, *cells)``."""
    maps = _moments(blur_volumes(level, _SMOOTH))
    places = [(0.0, 0.0, 0.0), *_AROUND]
    joined = torch.cat([sample_volumes(maps, cells, voxels_a_cell, place) for place in places])
    length = joined.norm(dim=0, keepdim=True)
    scaled: Tensor = joined / (length + _FLAT * length.mean() + 1e-6)
    return scaled


def _moments(level: Tensor) -> Tensor:
    """Value, and magnitude, vector and second-order moments of the gradient, in a window."""
    z, y, x = (_slope(level, axis) for axis in (1, 2, 3))
    magnitude = torch.sqrt(z**2 + y**2 + x**2 + 1e-12)
    root = math.sqrt(3)
    tensor = [root * x * y, root * y * z, root * x * z, root / 2 * (x**2 - y**2)]
    tensor.append((2 * z**2 - x**2 - y**2) / 2)
    gradient = torch.cat(
        [
            _MAGNITUDE * magnitude,
            *(_VECTOR * axis for axis in (z, y, x)),
            *(_TENSOR * part / magnitude for part in tensor),
        ]
    )
    value = _VALUE * blur_volumes(level, 0.7 * _WINDOW)
    return torch.cat([value, blur_volumes(gradient, _WINDOW)])


def _slope(level: Tensor, axis: int) -> Tensor:
    """Central difference along an axis, edges repeated."""
    size = level.shape[axis]
    first, last = level.narrow(axis, 0, 1), level.narrow(axis, size - 1, 1)
    padded = torch.cat([first, level, last], axis)
    return (padded.narrow(axis, 2, size) - padded.narrow(axis, 0, size)) / 2


def _equalise(values: Tensor) -> Tensor:
    """Subtract the local mean and divide by the local contrast."""
    sigma = max(values.shape[1:]) / _EQUALISED
    centred = values - blur_volumes(values, sigma)
    contrast = blur_volumes(centred**2, sigma).clamp_min(0).sqrt()
    return centred / (contrast + _FLAT)
