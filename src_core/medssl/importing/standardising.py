"""Statistics of an imported net's embedding over images."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from numpy.typing import NDArray

from medssl.nets import DenseNet, normalise_input

LARGEST = {2: 1024, 3: 96}
"""Longest side in voxels of the centre of an image that is looked at."""
_LEAST_VARIANCE = 1e-6


@torch.inference_mode()
def standardise(net: DenseNet, arrays: Iterable[NDArray[Any]]) -> int:
    """Let the head bring every channel to mean 0 and deviation 1 over images; return how many.

    Parameters
    ----------
    net
        A net whose embedding is its decoder's or encoder's map.
    arrays
        Prepared values ``(C, *spatial)``, 0 to 1.
    """
    net.eval()
    count = images = 0
    total = torch.zeros(net.feature_channels, dtype=torch.float64)
    squares = torch.zeros_like(total)
    for array in arrays:
        values = torch.from_numpy(_centre(array).astype("float32"))[None]
        cells = net.features(normalise_input(values))[0].flatten(1).double()
        total += cells.sum(1)
        squares += cells.square().sum(1)
        count += cells.shape[1]
        images += 1
    mean = total / count
    variance = (squares / count - mean.square()).clamp_min(_LEAST_VARIANCE)
    buffers = dict(net.head.named_buffers())
    buffers["0.running_mean"].copy_(mean)
    buffers["0.running_var"].copy_(variance)
    return images


def _centre(array: NDArray[Any]) -> NDArray[Any]:
    largest = LARGEST[array.ndim - 1]
    starts = [max(0, (side - largest) // 2) for side in array.shape[1:]]
    box = (slice(None), *(slice(start, start + largest) for start in starts))
    return array[box]
