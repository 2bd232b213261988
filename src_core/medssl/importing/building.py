"""Choose the net that holds most of what a file has behind its encoder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from medssl.correspond.descriptor import STRIDE
from medssl.errors import SettingsError
from medssl.importing.matching import Match, find_match
from medssl.importing.names import ENCODER, is_counter, other_namings
from medssl.importing.reading import StateDict
from medssl.nets import Architecture, DenseNet

_HEAD = re.compile(r"(^|\.)head\.1\.weight$")


def shapes_of(architecture: Architecture) -> dict[str, Tensor]:
    """Return the tensors of a net by name, without their values."""
    with torch.device("meta"):
        state = DenseNet(architecture).state_dict()
    return {name: tensor for name, tensor in state.items() if not is_counter(name)}


def choose_net(
    base: Architecture, stride: int | None, dicts: Mapping[str, StateDict], encoder: Match
) -> tuple[Architecture, Match | None]:
    """Return the net that takes most tensors, and what is found behind its encoder.

    A decoder, a restorer or a head counts only whole: half of one is of no use.

    Parameters
    ----------
    base
        The net's encoder.
    stride
        Of the embedding, where it is asked for.
    dicts
        What the file holds.
    encoder
        Where the encoder was found.

    Raises
    ------
    SettingsError
        If the encoder has no level of this stride.
    """
    best: tuple[Architecture, Match | None] | None = None
    most = -1
    for architecture in _candidates(base, stride, dicts):
        names = {n: t for n, t in shapes_of(architecture).items() if not n.startswith(ENCODER)}
        match = find_match(dicts, other_namings(architecture, names), names, encoder)
        found = len(match.tensors) if match is not None else 0
        expected = stride is not None or architecture.out_stride == STRIDE[base.ndim]
        if found > most and _is_whole(architecture, match, names, dicts, expected):
            best, most = (architecture, match), found
    assert best is not None  # an encoder alone needs nothing
    return best


def _is_whole(
    architecture: Architecture,
    match: Match | None,
    names: Mapping[str, Tensor],
    dicts: Mapping[str, StateDict],
    expected: bool,
) -> bool:
    """Whether all is there that the net needs behind its encoder, and nothing in between is lost.

    At a stride that nobody expects, the file's whole decoder must be used.
    """
    if architecture.embedding_of == "encoder":
        return True
    if match is None or not names.keys() - unlearned(architecture) <= match.tensors.keys():
        return False
    unused = match.leftover(dicts[match.where])
    if not expected:
        return not unused
    blocks = {_block(name.removeprefix(match.prefix)) for name in match.tensors.values()}
    return all(_block(name.removeprefix(match.prefix)) not in blocks for name in unused)


def _block(name: str) -> str:
    """Return the block of a decoder that a tensor belongs to, as ``decoder.blocks.0``."""
    found = re.match(r"\D*\d+", name)
    return found[0] if found is not None else name


def unlearned(architecture: Architecture) -> set[str]:
    """Names of the statistics of an embedding that no head learns."""
    if architecture.embedding_of == "head":
        return set()
    return {"head.0.running_mean", "head.0.running_var"}


def _candidates(
    base: Architecture, stride: int | None, dicts: Mapping[str, StateDict]
) -> Iterator[Architecture]:
    """Yield nets around an encoder; of equally good ones the first is wanted."""
    possible = [base.level_stride(level) for level in range(len(base.widths))]
    if stride is not None and stride not in possible:
        raise SettingsError(f"--stride {stride}: this net has {', '.join(map(str, possible))}")
    usual = STRIDE[base.ndim]
    strides = sorted(possible, key=lambda s: s != usual) if stride is None else [stride]
    heads = {
        tensor.shape[0]
        for tensors in dicts.values()
        for name, tensor in tensors.items()
        if _HEAD.search(name) and tensor.ndim == base.ndim + 2
    }
    for one in strides:
        net = Architecture.model_validate(base.model_dump() | {"out_stride": one})
        for channels in heads:
            for restores in (True, False):
                yield _changed(net, "head", channels, restores)
        if net.out_level < len(net.widths) - 1:
            for restores in (True, False):
                yield _changed(net, "decoder", net.feature_channels, restores)
        yield _changed(net, "encoder", net.widths[net.out_level], False)


def _changed(net: Architecture, embedding: str, channels: int, restores: bool) -> Architecture:
    made = {
        "embedding_of": embedding,
        "embedding_channels": channels,
        "restoration": restores,
        "clusters": 0,
    }
    return Architecture.model_validate(net.model_dump() | made)
