"""The dense encoder: a U-Net in 2-D or 3-D whose output is one unit vector a cell."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from medssl.nets.architecture import Architecture
from medssl.nets.blocks import ClusterHead, ConvStack, EmbeddingHead, max_pool, unit_length
from medssl.nets.padding import pad_to_multiple


class DenseNet(nn.Module):
    """U-Net with an embedding head and, where the architecture has clusters, a clustering head.

    Cell ``i`` of an output with stride ``s`` is centred at voxel ``i·s + (s−1)/2``: pooling and
    upsampling are symmetric, and padding is added at the end only.

    Parameters
    ----------
    architecture
        Widths, convolutions, stride, dimension, clusters.

    Attributes
    ----------
    prototypes
        ``(K, E)``: unit vector of each cluster over the cohort; zeros until they are computed.
        Only where there are clusters.

    Notes
    -----
    With `Architecture.vgg` this is the network of the local-discrimination paper [1]_: the
    feature map before each pooling is a skip; decoder levels upsample by two (nearest),
    concatenate the skip and apply two convolutions; at full resolution the concatenation goes
    to the head as it is. A decoder level of the plain net keeps its width, and its head ends in a
    convolution of one voxel.

    References
    ----------
    .. [1] H. Chen et al., Unsupervised Local Discrimination for Medical Images,
       arXiv 2108.09440.

    Examples
    --------
    >>> net = DenseNet(Architecture.plain(widths=(4, 8, 8), out_stride=2, embedding_channels=6))
    >>> net(torch.zeros(1, 1, 10, 7)).shape
    torch.Size([1, 6, 5, 4])
    """

    prototypes: Tensor

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        ndim, widths = architecture.ndim, architecture.widths
        inside = (architecture.in_channels, *widths)
        self.encoder = nn.ModuleList(
            ConvStack(ndim, (inside[level], *[width] * count))
            for level, (width, count) in enumerate(
                zip(widths, architecture.convolutions, strict=True)
            )
        )
        self.pool = max_pool(ndim)
        self.decoder = nn.ModuleDict()
        channels = widths[-1]
        for level in reversed(range(architecture.out_level, len(widths) - 1)):
            channels += widths[level]
            if level > 0:
                outside = widths[level - 1] if architecture.kind == "vgg" else widths[level]
                self.decoder[str(level)] = ConvStack(ndim, (channels, widths[level], outside))
                channels = outside
        self.feature_channels = channels
        self.head = EmbeddingHead(
            ndim,
            channels,
            hidden=architecture.embedding_channels * (1 if architecture.kind == "vgg" else 2),
            channels=architecture.embedding_channels,
            last_kernel=3 if architecture.kind == "vgg" else 1,
        )
        # Built last: with and without clusters the other weights begin alike.
        self.cluster_head: ClusterHead | None = None
        if architecture.clusters:
            self.cluster_head = ClusterHead(ndim, channels, architecture.clusters)
            size = (architecture.clusters, architecture.embedding_channels)
            self.register_buffer("prototypes", torch.zeros(size))

    @property
    def stride(self) -> int:
        """Voxels an embedding cell along each axis."""
        return self.architecture.out_stride

    def forward(self, images: Tensor) -> Tensor:
        """Embed a batch.

        Parameters
        ----------
        images
            ``(B, C, *spatial)``, prepared values 0 to 1 mapped to −1 to 1. Any size.

        Returns
        -------
        Tensor
            ``(B, E, *ceil(spatial / stride))`` in single precision, unit length along ``E``.
        """
        return unit_length(self.head(self.features(images)))

    def embed_and_assign(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return embeddings and shares of the clusters ``(B, K, *cells)``, which sum to 1.

        Raises
        ------
        ValueError
            If the net has no clusters.
        """
        if self.cluster_head is None:
            raise ValueError("this net has no clusters")
        features = self.features(images)
        return unit_length(self.head(features)), self.cluster_head(features)

    def features(self, images: Tensor) -> Tensor:
        """Return the decoder's last map, before the head: ``(B, feature_channels, *cells)``."""
        levels = self._encode(pad_to_multiple(images, self.architecture.deepest_stride))
        hidden = levels[-1]
        for level in reversed(range(self.architecture.out_level, len(levels) - 1)):
            hidden = F.interpolate(hidden, scale_factor=2.0, mode="nearest")
            hidden = torch.cat((hidden, levels[level]), dim=1)
            if level > 0:
                hidden = self.decoder[str(level)](hidden)
        return _crop(hidden, images.shape[2:], self.stride)

    def pyramid(self, images: Tensor) -> list[Tensor]:
        """Return the encoder's feature maps from fine to coarse, at strides 1, 2, 4, ..."""
        levels = self._encode(pad_to_multiple(images, self.architecture.deepest_stride))
        return [_crop(level, images.shape[2:], 2**depth) for depth, level in enumerate(levels)]

    def _encode(self, images: Tensor) -> list[Tensor]:
        levels: list[Tensor] = []
        hidden = images
        for depth, stack in enumerate(self.encoder):
            hidden = stack(self.pool(hidden) if depth else hidden)
            levels.append(hidden)
        return levels


def _crop(maps: Tensor, sizes: Sequence[int], stride: int) -> Tensor:
    """Cut off the cells that only cover padding."""
    keep = (slice(None), slice(None), *(slice(0, -(-size // stride)) for size in sizes))
    return maps[keep]


def build_net(architecture: Architecture) -> DenseNet:
    """Build a net with random weights (torch's global random state decides them)."""
    return DenseNet(architecture)


def normalise_input(images: Tensor) -> Tensor:
    """Map prepared values 0 to 1 onto −1 to 1, which the nets expect."""
    return (images - 0.5) / 0.5
