"""A dense descriptor of images that needs no training.

Gradient moments on a ring of neighbours at several scales, in the spirit of DAISY (Tola et al.,
TPAMI 2010), but written as a short harmonic series: the orientation histogram is kept as its
first circular moments and the ring as its first discrete Fourier coefficients, so that a
descriptor of 120 numbers does what a histogram of 288 bins does. Volumes have their own
(`medssl.correspond.volume_descriptor`).
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from medssl.correspond import volume_descriptor

STRIDE = {2: 4, 3: 2}
"""Working voxels a cell, by dimension."""

_SCALES = 4
_RING = [(7 * math.sin(i * math.pi / 4), 7 * math.cos(i * math.pi / 4)) for i in range(8)]


def descriptor_length(ndim: Literal[2, 3]) -> int:
    """Numbers in a descriptor."""
    return _SCALES * 5 * 6 if ndim == 2 else volume_descriptor.LENGTH


def describe_image(array: NDArray[Any]) -> Tensor:
    """Describe prepared values ``(C, *spatial)`` on cells.

    Returns
    -------
    descriptors
        Unit vectors ``(E, *ceil(spatial / stride))``. Cell ``i`` is centred at voxel
        ``i * stride + (stride - 1) / 2``.
    """
    values = torch.from_numpy(np.ascontiguousarray(array, np.float32)).mean(0)[None]
    if values.ndim == 4:
        return volume_descriptor.describe_volume(values, STRIDE[3])
    return _describe_picture(values[None], STRIDE[2])


def _describe_picture(values: Tensor, stride: int) -> Tensor:
    """Describe values ``(1, 1, y, x)`` on cells."""
    cells = tuple(-(-size // stride) for size in values.shape[2:])
    padding = [(0, n * stride - s) for n, s in zip(cells, values.shape[2:], strict=True)]
    values = F.pad(values, [p for pair in reversed(padding) for p in pair], mode="replicate")
    level = _equalise(values, stride)
    parts = []
    for scale in range(_SCALES):
        parts.append(_describe(level, cells, stride / 2**scale))
        if scale + 1 < _SCALES:
            level = F.avg_pool2d(level, 2, ceil_mode=True, count_include_pad=False)
    return F.normalize(torch.cat(parts, 1), dim=1)[0]


def _describe(level: Tensor, cells: tuple[int, ...], voxels_a_cell: float) -> Tensor:
    """Descriptor of one scale at the centres of the cells, ``(1, E, *cells)``."""
    moments = _blur(_gradient_moments(_blur(level, 1.2)), 2.5)
    around = [_sample(moments, cells, voxels_a_cell, offset) for offset in _RING]
    centre = _sample(moments, cells, voxels_a_cell, (0.0, 0.0))
    joined = torch.cat([centre, *_ring_harmonics(around)], 1)
    length = joined.norm(dim=1, keepdim=True)
    scaled: Tensor = joined / (length + 0.02 * length.mean() + 1e-6)
    return scaled


def _ring_harmonics(around: list[Tensor]) -> list[Tensor]:
    """First five real Fourier coefficients over the ring, scaled to keep distances."""
    stack = torch.stack(around)
    n = len(around)
    steps = torch.arange(n) * (2 * math.pi / n)
    weights = [torch.full((n,), 1 / math.sqrt(n))]
    for order in (1, 2):
        weights += [torch.cos(order * steps), torch.sin(order * steps)]
    weights[1:] = [w * math.sqrt(2 / n) for w in weights[1:]]
    return [torch.einsum("r,r...->...", w, stack) for w in weights]


def _gradient_moments(level: Tensor) -> Tensor:
    """Magnitude and circular moments of the gradient."""
    gradients = []
    for axis in (2, 3):
        first, last = level.narrow(axis, 0, 1), level.narrow(axis, level.shape[axis] - 1, 1)
        padded = torch.cat([first, level, last], axis)
        n = level.shape[axis]
        gradients.append((padded.narrow(axis, 2, n) - padded.narrow(axis, 0, n)) / 2)
    magnitude = torch.sqrt(sum((g**2 for g in gradients), torch.full_like(level, 1e-12)))
    gy, gx = gradients
    return torch.cat(
        [
            0.6 * magnitude,
            gx,
            gy,
            0.8 * (gx**2 - gy**2) / magnitude,
            0.8 * 2 * gx * gy / magnitude,
        ],
        1,
    )


def _equalise(values: Tensor, stride: int) -> Tensor:
    """Subtract the local mean and divide by the local contrast, over about a tenth of the side."""
    sigma = max(values.shape[2:]) / 10.7 / stride
    mean = _blur(F.avg_pool2d(values, stride), sigma)
    mean = F.interpolate(mean, size=values.shape[2:], mode="bilinear")
    variance = _blur(F.avg_pool2d((values - mean) ** 2, stride), sigma)
    contrast = F.interpolate(variance.clamp_min(0).sqrt(), size=values.shape[2:], mode="bilinear")
    return (values - mean) / (contrast + 0.02)


def _blur(x: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of every channel, edges repeated."""
    for axis in (2, 3):
        radius = min(int(3 * sigma + 0.5), 64)
        steps = torch.arange(-radius, radius + 1, dtype=x.dtype)
        kernel = torch.exp(-(steps**2) / (2 * sigma**2))
        kernel /= kernel.sum()
        line = x.movedim(axis, -1)
        shape = line.shape
        flat = F.pad(line.reshape(-1, 1, shape[-1]), (radius, radius), mode="replicate")
        x = F.conv1d(flat, kernel.view(1, 1, -1)).reshape(shape).movedim(-1, axis)
    return x


def _sample(
    maps: Tensor, cells: tuple[int, ...], voxels_a_cell: float, offset: tuple[float, ...]
) -> Tensor:
    """Values at the cell centres plus `offset` (voxels of the level); edges are repeated."""
    axes = []
    for n, size, shift in zip(cells, maps.shape[2:], offset, strict=True):
        centre = (torch.arange(n, dtype=maps.dtype) + 0.5) * voxels_a_cell + shift
        axes.append(2 * centre / size - 1)
    grid = torch.stack(torch.meshgrid(*axes, indexing="ij")[::-1], -1)[None]
    return F.grid_sample(maps, grid, align_corners=False, padding_mode="border")
