"""The net: features of an encoder at a fine stride, a linear classifier of each place, pooling."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from medssl.errors import SettingsError
from medssl.lesions.pooling import GatedAttention, PlaceHead
from medssl.lesions.settings import HeadSettings
from medssl.nets import Architecture, DenseNet, build_net, normalise_input
from medssl.transfer.nets import TransferNet

_ENCODER, _DECODER = "encoder.", "decoder."
_MOST = 0.5
"""Share of a place that must lie inside of the image."""


class Level(NamedTuple):
    """An encoder's map ``(B, C, *cells)``, of slices ``(B·Z, C, *cells)``, and its strides."""

    maps: Tensor
    strides: tuple[int, ...]

    def by_image(self, summed: Tensor, count: int) -> Tensor:
        """Turn what was summed over its channels, ``(B or B·Z, 1, *cells)``, into maps of images.

        Returns
        -------
        Tensor
            ``(B, 1, *cells)``, of slices ``(B, 1, Z, *cells)``.
        """
        return summed if summed.ndim == len(self.strides) + 2 else _by_image(summed, count)


class LesionNet(TransferNet):
    """Pictures with a 2-D net, or volumes with a 3-D one.

    Parameters
    ----------
    architecture
        Of the model that it begins with, or as if there were one.
    outputs
        Number of questions.
    head
        What is new.

    Raises
    ------
    SettingsError
        If the model has no map of the head's stride.

    Examples
    --------
    >>> net = LesionNet(Architecture.plain(widths=(4, 8), out_stride=2), 3, HeadSettings(stride=2))
    >>> images = torch.zeros(2, 1, 8, 6)
    >>> net(images, torch.ones_like(images)).shape
    torch.Size([2, 3])
    """

    sliced = False

    def __init__(self, architecture: Architecture, outputs: int, head: HeadSettings) -> None:
        trimmed = trimmed_architecture(architecture, head)
        channels = trimmed.feature_channels
        place_head = self._new_head(architecture.ndim, channels, outputs, head)
        super().__init__(build_net(trimmed), place_head, outputs)
        self.stride = head.stride
        self.ndim = 3 if self.sliced else architecture.ndim

    @property
    def strides(self) -> tuple[int, ...]:
        """Voxels a place along each axis."""
        return (self.stride,) * self.ndim

    def begin_with_model(self, pretrained: DenseNet) -> None:
        """Take over what a model has of the encoder and, where it is used, the decoder."""
        self.begin_with(pretrained, (_ENCODER, _DECODER))

    def features(self, images: Tensor) -> Tensor:
        """Return what places are classified by: ``(B, C, *cells)`` of prepared images."""
        return self.net.features(normalise_input(images))

    def levels_and_features(self, images: Tensor) -> tuple[list[Level], Tensor]:
        """Return the encoder's maps at all strides, and the features made of them."""
        levels, features = self.net.levels_and_features(normalise_input(images))
        stride = self.net.architecture.level_stride
        own = [Level(one, (stride(n),) * self.ndim) for n, one in enumerate(levels)]
        return own, features

    def places_inside(self, inside: Tensor) -> Tensor:
        """Return which places lie inside of the image, ``(B, 1, *cells)``, from its voxels."""
        return _covered(inside, self.strides)

    def forward(self, images: Tensor, inside: Tensor) -> Tensor:
        """Return logits ``(B, K)``.

        Parameters
        ----------
        images
            ``(B, C, *spatial)``, prepared values 0 to 1.
        inside
            ``(B, 1, *spatial)``: 1 where the canvas shows the image.
        """
        logits: Tensor = self.head(self.features(images), self.places_inside(inside))
        return logits

    def _new_head(self, ndim: int, channels: int, outputs: int, head: HeadSettings) -> nn.Module:
        return PlaceHead(ndim, channels, outputs, head.pooling, head.sharpness)


class SliceNet(LesionNet):
    """Volumes slice by slice with a 2-D net, and gated attention over the slices.

    Its maps have a place a slice along the first axis.
    """

    sliced = True

    @property
    def strides(self) -> tuple[int, ...]:
        """Voxels a place along each axis."""
        return (1, self.stride, self.stride)

    def features(self, images: Tensor) -> Tensor:
        """Return the features of all slices: ``(B, C, Z, *cells)`` of ``(B, C, Z, Y, X)``."""
        maps = self.net.features(normalise_input(_flat(images)))
        return _by_image(maps, len(images))

    def levels_and_features(self, images: Tensor) -> tuple[list[Level], Tensor]:
        """Return the encoder's maps of all slices at all strides, and the features of them."""
        levels, features = self.net.levels_and_features(normalise_input(_flat(images)))
        stride = self.net.architecture.level_stride
        own = [Level(one, (1, stride(n), stride(n))) for n, one in enumerate(levels)]
        return own, _by_image(features, len(images))

    def _new_head(self, ndim: int, channels: int, outputs: int, head: HeadSettings) -> nn.Module:
        return SliceHead(ndim, channels, outputs, head)


class SliceHead(nn.Module):
    """One answer a slice by the head for pictures, and gated attention over the slices.

    Parameters
    ----------
    ndim
        2: of a slice.
    channels, outputs
        As of `PlaceHead`.
    head
        Pooling within a slice.
    """

    def __init__(self, ndim: int, channels: int, outputs: int, head: HeadSettings) -> None:
        super().__init__()
        self.places = PlaceHead(ndim, channels, outputs, head.pooling, head.sharpness)
        self.over_slices = GatedAttention(channels)

    def maps(self, features: Tensor) -> Tensor:
        """Return ``Σ_k w_k A_k`` of each question: ``(B, K, Z, *cells)``."""
        return _by_image(self.places.maps(_flat(features)), len(features))

    def slices(self, features: Tensor, inside: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of slices ``(B, K, Z)``, and how much each counts ``(B, 1, Z)``."""
        logits = _by_image(self.places(_flat(features), _flat(inside)), len(features))
        mass = inside.flatten(3).sum(3)
        means = (features * inside).flatten(3).sum(3) / mass.clamp(min=1)
        return logits, self.over_slices(means, (mass > 0).to(means.dtype))

    def weights(self, features: Tensor, inside: Tensor) -> Tensor:
        """Return how much each place of each slice counts: ``(B, 1 or K, Z, *cells)``."""
        within = _by_image(self.places.weights(_flat(features), _flat(inside)), len(features))
        _, over = self.slices(features, inside)
        return within * over[..., None, None]

    def forward(self, features: Tensor, inside: Tensor) -> Tensor:
        """Return logits ``(B, K)``."""
        logits, weights = self.slices(features, inside)
        pooled: Tensor = (logits * weights).sum(2)
        return pooled


def trimmed_architecture(architecture: Architecture, head: HeadSettings) -> Architecture:
    """Describe what of a net is needed for its map at the head's stride.

    Raises
    ------
    SettingsError
        If it has none.
    """
    strides = [architecture.level_stride(level) for level in range(len(architecture.widths))]
    deepest = head.features == "encoder"
    usable = strides[1:] if deepest else strides[:-1]
    if head.stride not in usable:
        raise SettingsError(
            f"head.stride: the {head.features} of this net has no map of {head.stride} voxels a "
            f"place; it has {', '.join(map(str, usable))}"
        )
    values: dict[str, Any] = {
        "embedding_of": head.features,
        "restoration": False,
        "clusters": 0,
        "out_stride": head.stride,
    }
    if deepest:
        count = strides.index(head.stride) + 1
        values["widths"] = architecture.widths[:count]
        values["convolutions"] = architecture.convolutions[:count]
    cut = architecture.model_copy(update=values)
    return cut.model_copy(update={"embedding_channels": cut.feature_channels})


def _covered(inside: Tensor, strides: tuple[int, ...]) -> Tensor:
    """Average-pool a mask to places, those at the end as if the image went on with nothing."""
    beyond = [-side % stride for side, stride in zip(inside.shape[2:], strides, strict=True)]
    padding = [amount for one in reversed(beyond) for amount in (0, one)]
    padded = F.pad(inside, padding)
    pool = F.avg_pool2d if inside.ndim == 4 else F.avg_pool3d
    share: Tensor = pool(padded, strides)
    return (share >= _MOST).to(inside.dtype)


def _flat(volumes: Tensor) -> Tensor:
    """Turn ``(B, C, Z, ...)`` into slices ``(B·Z, C, ...)``."""
    return volumes.transpose(1, 2).flatten(0, 1)


def _by_image(slices: Tensor, count: int) -> Tensor:
    """Turn slices ``(B·Z, C, ...)`` of `count` volumes into ``(B, C, Z, ...)``."""
    return slices.reshape(count, -1, *slices.shape[1:]).transpose(1, 2)


def run_head(net: LesionNet, images: Tensor, inside: Tensor, low: bool) -> Tensor:
    """Return the net's logits in single precision, the encoder in bf16 where `low`."""
    layout = torch.channels_last if images.ndim == 4 else torch.channels_last_3d
    with torch.autocast(images.device.type, torch.bfloat16, enabled=low):
        features = net.features(images.contiguous(memory_format=layout))
    logits: Tensor = net.head(features.float(), net.places_inside(inside))
    return logits
