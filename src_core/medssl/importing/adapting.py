"""Fit tensors to our nets: colours and value range of the input, convolutions with a bias.

All of it is exact, but for voxels whose first convolution reaches over the border of the image.
"""

from __future__ import annotations

import torch
from torch import Tensor

from medssl.errors import SettingsError
from medssl.importing.settings import InputNorm

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)
Weights = dict[str, Tensor]


def adapt_input(weights: Weights, first: str, norm: InputNorm, channels: int) -> list[str]:
    """Fit the first convolution to our input, in place; say what was done.

    Where the weights saw ``z = (x − m) / s`` of prepared values ``x``, ours see ``y = 2x − 1``, so
    that ``z = y · 0.5/s + (0.5 − m)/s``. The factor goes into the weights, what the constant gives
    into the mean of the norm that follows.

    Parameters
    ----------
    weights
        Our tensors by name.
    first
        Name of the first convolution's weight ``(out, colours, *kernel)``.
    norm
        Values that it was trained on; not ``auto``.
    channels
        Colours that images have.

    Raises
    ------
    SettingsError
        If the weights are for grey images, and ImageNet's statistics of colours are asked for.
    """
    kernel = weights[first]
    colours = kernel.shape[1]
    if norm == "imagenet" and colours != 3:
        raise SettingsError(
            "the weights are for grey images, but ImageNet's mean and deviation are of three "
            "colours. Say --input-norm unit (values 0 to 1) or own (values −1 to 1)"
        )
    told: list[str] = []
    if norm != "own":
        mean = torch.tensor(IMAGENET_MEAN if norm == "imagenet" else [0.0] * colours)
        deviation = torch.tensor(IMAGENET_DEVIATION if norm == "imagenet" else [1.0] * colours)
        shape = (1, colours, *[1] * (kernel.ndim - 2))
        constant = (kernel * ((0.5 - mean) / deviation).reshape(shape)).flatten(1).sum(1)
        kernel = kernel * (0.5 / deviation).reshape(shape)
        weights[first] = kernel
        shift(weights, first, constant)
        values = "ImageNet's mean and deviation" if norm == "imagenet" else "values 0 to 1"
        told.append(f"input: trained on {values}, folded into the first convolution and its norm")
    else:
        told.append("input: trained on values −1 to 1, as medssl's own nets")
    if colours == 3 and channels == 1:
        weights[first] = kernel.sum(1, keepdim=True)
        told.append("the first convolution's three colours were summed for grey images")
    elif colours == 1 and channels == 3:
        weights[first] = kernel.expand(-1, 3, *kernel.shape[2:]) / 3
        told.append("the first convolution sees the mean of the three colours")
    return told


def shift(weights: Weights, convolution: str, constant: Tensor) -> None:
    """Add a constant to what a convolution gives, by the mean of the norm that follows it."""
    name = mean_after(convolution)
    weights[name] = weights[name] - constant


def mean_after(convolution: str) -> str:
    """Return the name of the running mean of the norm that follows a convolution."""
    parent, number, _ = convolution.rsplit(".", 2)
    return f"{parent}.{int(number) + 1}.running_mean"
