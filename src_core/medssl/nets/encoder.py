"""The encoder: feature maps from fine to coarse."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from medssl.nets.architecture import Architecture
from medssl.nets.blocks import ConvStack


class PlainEncoder(nn.ModuleList):
    """Stacks of convolutions with pooling between them, level by level.

    Parameters
    ----------
    architecture
        Widths and convolutions of the levels.
    """

    def __init__(self, architecture: Architecture) -> None:
        ndim, widths = architecture.ndim, architecture.widths
        inside = (architecture.in_channels, *widths)
        super().__init__(
            ConvStack(ndim, (inside[level], *[width] * count))
            for level, (width, count) in enumerate(
                zip(widths, architecture.convolutions, strict=True)
            )
        )

    @staticmethod
    def halve(maps: Tensor) -> Tensor:
        """Pool a level's maps on the way to the next."""
        return F.max_pool2d(maps, 2) if maps.ndim == 4 else F.max_pool3d(maps, 2)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the maps of all levels; sides of the images are multiples of the last stride."""
        levels: list[Tensor] = []
        hidden = images
        for depth, stack in enumerate(self):
            hidden = stack(self.halve(hidden) if depth else hidden)
            levels.append(hidden)
        return levels
