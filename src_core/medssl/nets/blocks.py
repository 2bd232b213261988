"""Layers that exist once for pictures and volumes."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn

FIRST_SCORE = -4.0
"""Mean score of a cluster before it is trained."""
FIRST_GAIN = 3.0
"""Spread of these scores, against torch's own way to begin."""


def convolution(
    ndim: int, inside: int, outside: int, kernel: int = 3, bias: bool = True
) -> nn.Module:
    """Return a size-keeping convolution in 2-D or 3-D."""
    layer = nn.Conv2d if ndim == 2 else nn.Conv3d
    return layer(inside, outside, kernel, padding=kernel // 2, bias=bias)


class ConvNormRelu(nn.Sequential):
    """Convolution of 3 voxels a side, batch norm, ReLU.

    The convolution has no bias: the norm that follows would remove it.
    """

    def __init__(self, ndim: int, inside: int, outside: int) -> None:
        norm = nn.BatchNorm2d if ndim == 2 else nn.BatchNorm3d
        super().__init__(
            convolution(ndim, inside, outside, bias=False),
            norm(outside),
            nn.ReLU(inplace=True),
        )


class ConvStack(nn.Sequential):
    """Several `ConvNormRelu` in a row; ``channels`` lists what goes in and what each gives."""

    def __init__(self, ndim: int, channels: tuple[int, ...]) -> None:
        pairs = itertools.pairwise(channels)
        super().__init__(*(ConvNormRelu(ndim, inside, outside) for inside, outside in pairs))


class EmbeddingHead(nn.Sequential):
    """Convolution-norm-ReLU to `hidden` and a last convolution to the embedding's channels."""

    def __init__(
        self, ndim: int, inside: int, hidden: int, channels: int, last_kernel: int
    ) -> None:
        super().__init__(
            ConvNormRelu(ndim, inside, hidden),
            convolution(ndim, hidden, channels, last_kernel),
        )


class StandardisedHead(nn.Sequential):
    """Brings every channel of a map to mean 0 and deviation 1 over the images that are trained on.

    It learns no weights and passes no gradient: it reads what the rest of the net has learned.
    """

    def __init__(self, ndim: int, channels: int) -> None:
        norm = nn.BatchNorm2d if ndim == 2 else nn.BatchNorm3d
        super().__init__(norm(channels, affine=False))

    def forward(self, features: Tensor) -> Tensor:
        """Standardise ``(B, C, *cells)``."""
        standardised: Tensor = super().forward(features.detach())  # type: ignore[no-untyped-call]
        return standardised


class ClusterHead(nn.Sequential):
    """Convolution-norm-ReLU to as many channels as clusters, a convolution, and shares.

    The shares are ``σ(x_k) / Σ_j σ(x_j)``: a sigmoid, then unit length in the L1 norm. They are
    computed as a softmax of ``log σ(x)``, which is the same and never divides by zero.

    The scores begin low and far apart, where the sigmoid is nearly an exponential. Around 0 all
    shares begin nearly uniform, the entropy is flat, and short trainings end as they began.
    """

    def __init__(self, ndim: int, inside: int, clusters: int) -> None:
        last = convolution(ndim, clusters, clusters)
        super().__init__(ConvNormRelu(ndim, inside, clusters), last)
        with torch.no_grad():
            for name, parameter in last.named_parameters():
                if name == "bias":
                    parameter.fill_(FIRST_SCORE)
                else:
                    parameter.mul_(FIRST_GAIN)

    def favour(self, cluster: int, share: float) -> None:
        """Let a cluster begin with about this share, above 0 and below 1, the others alike."""
        last = self[-1]
        assert isinstance(last.bias, nn.Parameter)
        others = len(last.bias) - 1
        with torch.no_grad():
            last.bias[cluster] = FIRST_SCORE + math.log(share * others / (1 - share))

    def forward(self, features: Tensor) -> Tensor:
        """Return the shares ``(B, K, *cells)`` in single precision, of sum 1."""
        scores = features
        for layer in self:
            scores = layer(scores)
        return nn.functional.logsigmoid(scores.float()).softmax(1)


def unit_length(vectors: Tensor, dim: int = 1) -> Tensor:
    """Divide by the Euclidean length along `dim`, in single precision.

    A vector of zeros stays zero: there is no direction to keep.
    """
    return nn.functional.normalize(vectors.float(), dim=dim, eps=1e-6)
