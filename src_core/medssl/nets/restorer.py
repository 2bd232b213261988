"""The restoration branch: from the decoder's map up to an image of full resolution."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, cat, nn
from torch.nn import functional as F

from medssl.nets.architecture import Architecture
from medssl.nets.blocks import ConvStack, convolution


class Restorer(nn.Module):
    """Goes on where the embedding's decoder ends: upsample, join the skip, two convolutions.

    The last layer is a convolution of 3 voxels to the image's channels, and a sigmoid.

    Parameters
    ----------
    architecture
        Of the net.
    inside
        Channels of the map that it starts from.

    Attributes
    ----------
    width
        Channels at full resolution, before the last layer.

    References
    ----------
    F. Haghighi et al., DiRA, arXiv 2204.10437, the restorative decoder ``g``.
    """

    def __init__(self, architecture: Architecture, inside: int) -> None:
        super().__init__()
        self.levels = nn.ModuleDict()
        for level in reversed(range(architecture.out_level)):
            joined = inside + architecture.widths[level]
            inside = architecture.decoder_width(level)
            self.levels[str(level)] = ConvStack(architecture.ndim, (joined, inside, inside))
        self.finest: ConvStack | None = None
        if architecture.level_stride(0) == 2:  # there is no skip at full resolution
            width = max(8, architecture.widths[0] // 4)
            self.finest = ConvStack(architecture.ndim, (inside, width, width))
            inside = width
        self.width = inside
        self.last = convolution(architecture.ndim, inside, architecture.in_channels)

    def forward(self, hidden: Tensor, encoded: Sequence[Tensor]) -> Tensor:
        """Restore images ``(B, C, *spatial)``, values 0 to 1, in single precision.

        Parameters
        ----------
        hidden
            The decoder's map at the embedding's stride.
        encoded
            The encoder's maps from fine to coarse.
        """
        restored: Tensor = self.last(self.features(hidden, encoded)).float().sigmoid()
        return restored

    def features(self, hidden: Tensor, encoded: Sequence[Tensor]) -> Tensor:
        """Return the map ``(B, width, *spatial)`` that the last layer makes an image of."""
        for level, stack in self.levels.items():
            hidden = F.interpolate(hidden, scale_factor=2.0, mode="nearest")
            hidden = stack(cat((hidden, encoded[int(level)]), dim=1))
        if self.finest is not None:
            hidden = self.finest(F.interpolate(hidden, scale_factor=2.0, mode="nearest"))
        return hidden
