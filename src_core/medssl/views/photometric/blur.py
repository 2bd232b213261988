"""Random Gaussian blur, separable, one kernel an image."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from medssl.views.randomness import Draws


def random_blur(images: Tensor, largest_sigma: float, probability: float, draws: Draws) -> Tensor:
    """Blur some images with a standard deviation of up to `largest_sigma` voxels."""
    largest = max(0.1, largest_sigma)
    sigma = draws.uniform((0.1, largest))[:, 0]
    chosen = draws.chance(probability).nonzero()[:, 0]
    if len(chosen) == 0:
        return images
    blurred = images.clone()
    chosen_there = chosen.to(images.device)
    blurred[chosen_there] = gaussian_blur(
        images[chosen_there], sigma[chosen], math.ceil(3 * largest)
    )
    return blurred


def gaussian_blur(images: Tensor, sigma: Tensor, radius: int) -> Tensor:
    """Blur each image ``(B, C, *spatial)`` with its own ``sigma`` ``(B,)`` in voxels.

    The kernels reach `radius` voxels far, whatever the sigma of the others.
    """
    batch, channels, *sizes = images.shape
    offset = torch.arange(-radius, radius + 1, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (offset / sigma[:, None]) ** 2)
    kernel = (kernel / kernel.sum(dim=1, keepdim=True)).to(images.device, images.dtype)
    kernel = kernel.repeat_interleave(channels, dim=0)
    ndim = len(sizes)
    convolve = F.conv2d if ndim == 2 else F.conv3d
    flat = images.reshape(1, batch * channels, *sizes)
    for axis in range(ndim):
        shape = [1] * ndim
        shape[axis] = 2 * radius + 1
        padding = [0] * (2 * ndim)
        padding[2 * (ndim - 1 - axis)] = padding[2 * (ndim - 1 - axis) + 1] = radius
        padded = F.pad(flat, padding, mode="replicate")
        weight = kernel.reshape(batch * channels, 1, *shape)
        flat = convolve(padded, weight, groups=batch * channels)
    return flat.reshape(images.shape)
