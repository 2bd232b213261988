"""Families of nets: the same task on another net, or on a wider or narrower one."""

from __future__ import annotations

from typing import Any, Literal

from medssl.nets.architecture import (
    PLAIN_WIDTHS,
    VGG_WIDTHS,
    VOLUME_WIDTHS,
    Architecture,
)

Family = Literal["plain", "vgg", "resnet18", "resnet50"]

RESNET_OUT_STRIDE = 4
"""Finest stride of a resnet's embedding here: at stride 2 there is nothing but its stem."""


def family_of(net: Architecture) -> Family:
    """Return the family that a net belongs to."""
    if net.kind != "resnet":
        return net.kind
    return "resnet50" if net.bottleneck else "resnet18"


def in_family(net: Architecture, family: Family | None, width: int | None) -> Architecture:
    """Return a net that has the same outputs in another family or another width.

    Dimension, channels, clusters, restoration, what an embedding is and its stride stay; but a
    resnet's embedding is not finer than stride 4.

    Parameters
    ----------
    net
        The net to begin from.
    family
        Family of the new net; None: its own.
    width
        Channels of the finest encoder level, the others follow in the family's ratios; None: as
        many as it has.

    Raises
    ------
    ValueError
        If there is no such net: resnets are for pictures.

    Examples
    --------
    >>> in_family(Architecture.plain(), "resnet18", 8).widths
    (8, 8, 16, 32, 64)
    """
    finest = width or net.widths[0]
    if family is None or family == family_of(net):
        first = net.widths[0]
        return _outputs_of(net, net, tuple(round(w * finest / first) for w in net.widths))
    if family == "resnet18" or family == "resnet50":
        like = Architecture.resnet(18 if family == "resnet18" else 50, width=finest)
        return _outputs_of(net, like, like.widths)
    if family == "vgg":
        widths = VGG_WIDTHS["tiny"]
        like = Architecture.vgg()
    else:
        widths = PLAIN_WIDTHS if net.ndim == 2 else VOLUME_WIDTHS
        like = Architecture.plain(widths=widths)
    return _outputs_of(net, like, tuple(round(w * finest / widths[0]) for w in widths))


def _outputs_of(net: Architecture, like: Architecture, widths: tuple[int, ...]) -> Architecture:
    """Give the outputs of `net` to a net that is built like another."""
    stride = net.out_stride
    if like.kind == "resnet":
        stride = max(stride, RESNET_OUT_STRIDE)
    made: dict[str, Any] = net.model_dump() | {
        "kind": like.kind,
        "widths": widths,
        "convolutions": like.convolutions,
        "bottleneck": like.bottleneck,
        "out_stride": stride,
    }
    if net.embedding_of != "head":
        made["embedding_channels"] = Architecture.model_construct(**made).feature_channels
    return Architecture.model_validate(made)
