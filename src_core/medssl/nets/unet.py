"""The dense encoder: a U-Net in 2-D or 3-D whose output is one unit vector a cell."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from medssl.nets.architecture import Architecture
from medssl.nets.blocks import (
    ClusterHead,
    ConvStack,
    EmbeddingHead,
    StandardisedHead,
    unit_length,
)
from medssl.nets.encoder import PlainEncoder
from medssl.nets.padding import pad_to_multiple
from medssl.nets.parts import NetOutputs, Parts
from medssl.nets.resnet import ResNetEncoder
from medssl.nets.restorer import Restorer


class DenseNet(nn.Module):
    """U-Net with an embedding head and, where the architecture says so, further outputs.

    These are shares of clusters and restored images.

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
        self.encoder: PlainEncoder | ResNetEncoder
        if architecture.kind == "resnet":
            self.encoder = ResNetEncoder(architecture)
        else:
            self.encoder = PlainEncoder(architecture)
        self.decoder = nn.ModuleDict()
        channels = widths[-1]
        for level in self._decoded_levels():
            channels += widths[level]
            if level > 0 or architecture.kind == "resnet":
                outside = architecture.decoder_width(level)
                middle = outside if architecture.kind == "resnet" else widths[level]
                self.decoder[str(level)] = ConvStack(ndim, (channels, middle, outside))
                channels = outside
        self.feature_channels = architecture.feature_channels
        self.head: nn.Module
        if architecture.embedding_of == "head":
            self.head = EmbeddingHead(
                ndim,
                channels,
                hidden=architecture.embedding_channels * (1 if architecture.kind == "vgg" else 2),
                channels=architecture.embedding_channels,
                last_kernel=3 if architecture.kind == "vgg" else 1,
            )
        else:
            self.head = StandardisedHead(ndim, self.feature_channels)
        # Built last: with and without clusters the other weights begin alike.
        self.cluster_head: ClusterHead | None = None
        if architecture.clusters:
            self.cluster_head = ClusterHead(ndim, channels, architecture.clusters)
            size = (architecture.clusters, architecture.embedding_channels)
            self.register_buffer("prototypes", torch.zeros(size))
        self.restorer: Restorer | None = None
        if architecture.restoration:
            self.restorer = Restorer(architecture, channels)

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

    def outputs(self, images: Tensor, parts: Parts) -> NetOutputs:
        """Return several outputs at once.

        Raises
        ------
        ValueError
            If the net has no clusters or no restoration, and they are wanted.
        """
        levels = self.encoder(self._padded(images))
        sizes = images.shape[2:]
        embedding = assignment = deepest = restored = None
        if parts.deepest:
            deepest = _crop(levels[-1], sizes, self.architecture.deepest_stride)
        if parts.embedding or parts.assignment or parts.restored:
            hidden = self._decode(levels)
            features = _crop(hidden, sizes, self.stride)
            if parts.embedding:
                embedding = unit_length(self.head(features))
            if parts.assignment:
                if self.cluster_head is None:
                    raise ValueError("this net has no clusters")
                assignment = self.cluster_head(features)
            if parts.restored:
                if self.restorer is None:
                    raise ValueError("this net does not restore images")
                restored = _crop(self.restorer(hidden, levels), sizes, 1)
        return NetOutputs(embedding, assignment, deepest, restored)

    def freeze_but(self, parts: Parts) -> None:
        """Let only those weights learn that some outputs need."""
        decoded = parts.embedding or parts.assignment or parts.restored
        self.decoder.requires_grad_(decoded)
        self.head.requires_grad_(parts.embedding)
        if self.cluster_head is not None:
            self.cluster_head.requires_grad_(parts.assignment)
        if self.restorer is not None:
            self.restorer.requires_grad_(parts.restored)

    def features(self, images: Tensor) -> Tensor:
        """Return the map that embeddings are made of: ``(B, feature_channels, *cells)``."""
        levels = self.encoder(self._padded(images))
        return _crop(self._decode(levels), images.shape[2:], self.stride)

    def levels_and_features(self, images: Tensor) -> tuple[list[Tensor], Tensor]:
        """Return the encoder's maps, fine to coarse and over the padding too, and `features`.

        The features are computed from these very maps, so that gradients reach them.
        """
        levels = self.encoder(self._padded(images))
        return levels, _crop(self._decode(levels), images.shape[2:], self.stride)

    def finest_features(self, images: Tensor) -> Tensor:
        """Return the map at full resolution that images are restored from: ``(B, C, *spatial)``.

        Raises
        ------
        ValueError
            If the net has no restoration branch.
        """
        if self.restorer is None:
            raise ValueError("this net does not restore images")
        levels = self.encoder(self._padded(images))
        maps = self.restorer.features(self._decode(levels), levels)
        return _crop(maps, images.shape[2:], 1)

    def pyramid(self, images: Tensor) -> list[Tensor]:
        """Return the encoder's feature maps from fine to coarse, at strides 1, 2, 4, ..."""
        stride = self.architecture.level_stride
        levels = self.encoder(self._padded(images))
        return [_crop(maps, images.shape[2:], stride(n)) for n, maps in enumerate(levels)]

    def _decode(self, levels: list[Tensor]) -> Tensor:
        if self.architecture.embedding_of == "encoder":
            return levels[self.architecture.out_level]
        hidden = levels[-1]
        for level in self._decoded_levels():
            hidden = F.interpolate(hidden, scale_factor=2.0, mode="nearest")
            hidden = torch.cat((hidden, levels[level]), dim=1)
            if str(level) in self.decoder:
                hidden = self.decoder[str(level)](hidden)
        return hidden

    def _decoded_levels(self) -> list[int]:
        """Levels of the decoder, coarse to fine."""
        if self.architecture.embedding_of == "encoder":
            return []
        return list(reversed(range(self.architecture.out_level, len(self.architecture.widths) - 1)))

    def _padded(self, images: Tensor) -> Tensor:
        return pad_to_multiple(images, self.architecture.deepest_stride)


def _crop(maps: Tensor, sizes: Sequence[int], stride: int) -> Tensor:
    """Cut off the cells that only cover padding."""
    keep = (slice(None), slice(None), *(slice(0, -(-size // stride)) for size in sizes))
    return maps[keep]


def build_net(architecture: Architecture) -> DenseNet:
    """Build a net with random weights (torch's global random state decides them)."""
    return DenseNet(architecture)


def take_over(net: DenseNet, pretrained: DenseNet) -> tuple[str, ...]:
    """Let encoder and decoder begin as those of another net; returns the names of the tensors.

    Those that the other net has not, or of another shape, stay as they are.
    """
    own = net.state_dict()
    taken = {
        name: value.to(own[name])
        for name, value in pretrained.state_dict().items()
        if name.startswith(("encoder.", "decoder."))
        and name in own
        and own[name].shape == value.shape
    }
    net.load_state_dict(own | taken)
    return tuple(taken)


def normalise_input(images: Tensor) -> Tensor:
    """Map prepared values 0 to 1 onto −1 to 1, which the nets expect."""
    return (images - 0.5) / 0.5
