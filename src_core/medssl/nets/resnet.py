"""ResNet encoders for pictures, with basic or bottleneck blocks."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from medssl.nets.architecture import Architecture

EXPANSION = 4


class ResNetEncoder(nn.ModuleList):
    """A stem at stride 2 and four stages of residual blocks at strides 4, 8, 16, 32 [1]_.

    Parameters
    ----------
    architecture
        Widths of the levels; its `convolutions` are the blocks of each (1 for the stem).

    References
    ----------
    .. [1] K. He et al., Deep Residual Learning for Image Recognition, arXiv 1512.03385.
    """

    def __init__(self, architecture: Architecture) -> None:
        widths = architecture.widths
        stem = nn.Sequential(
            nn.Conv2d(architecture.in_channels, widths[0], 7, 2, padding=3, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(inplace=True),
        )
        levels: list[nn.Module] = [stem]
        inside = widths[0]
        for level, (width, count) in enumerate(
            zip(widths[1:], architecture.convolutions[1:], strict=True), 1
        ):
            blocks = []
            for number in range(count):
                stride = 2 if level > 1 and number == 0 else 1
                blocks.append(ResidualBlock(inside, width, stride, architecture.bottleneck))
                inside = width
            levels.append(nn.Sequential(*blocks))
        super().__init__(levels)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the maps of all levels; sides of the images are multiples of the last stride."""
        levels: list[Tensor] = []
        hidden = images
        for depth, stack in enumerate(self):
            hidden = stack(F.max_pool2d(hidden, 3, 2, padding=1) if depth == 1 else hidden)
            levels.append(hidden)
        return levels


class ResidualBlock(nn.Module):
    """Convolutions with batch norm beside a shortcut, and a ReLU after both.

    Parameters
    ----------
    inside, outside
        Channels that go in and come out.
    stride
        Of the block's convolution of 3 voxels.
    bottleneck
        Whether it is 1-3-1 voxels with a quarter of the channels in the middle, or 3-3.
    """

    def __init__(self, inside: int, outside: int, stride: int, bottleneck: bool) -> None:
        super().__init__()
        middle = outside // EXPANSION if bottleneck else outside
        shape = ((1, 1), (3, stride), (1, 1)) if bottleneck else ((3, stride), (3, 1))
        layers: list[nn.Module] = []
        before = inside
        for number, (kernel, step) in enumerate(shape):
            after = outside if number == len(shape) - 1 else middle
            layers.append(nn.Conv2d(before, after, kernel, step, padding=kernel // 2, bias=False))
            layers.append(nn.BatchNorm2d(after))
            if number < len(shape) - 1:
                layers.append(nn.ReLU(inplace=True))
            before = after
        self.layers = nn.Sequential(*layers)
        self.stride = stride
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or inside != outside:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inside, outside, 1, bias=False), nn.BatchNorm2d(outside)
            )

    def forward(self, hidden: Tensor) -> Tensor:
        """Return maps ``(B, outside, *cells)``."""
        # A convolution of one voxel at stride 2, in two steps: the gradient of the whole ends the
        # process on some processors, where the maps have 8 channels or fewer.
        every = hidden[:, :, :: self.stride, :: self.stride] if self.stride > 1 else hidden
        return torch.relu(self.layers(hidden) + self.shortcut(every))
