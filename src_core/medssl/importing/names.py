"""How others name the tensors of our nets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from medssl.nets.architecture import Architecture

OWN = "medssl"
TORCHVISION = "torchvision"
UNET = "U-Net with decoder.blocks"
ENCODER = "encoder."


@dataclass(frozen=True)
class Naming:
    """Names of tensors in files of one origin.

    Parameters
    ----------
    name
        Of the origin.
    tensors
        Our name of each tensor, by theirs, without what precedes it in a file.
    belongs
        Theirs that start so are part of the same subnet, whether we have a place for them or not.
    """

    name: str
    tensors: dict[str, str]
    belongs: re.Pattern[str]


def is_counter(name: str) -> bool:
    """Whether a tensor counts batches and is no weight."""
    return name.endswith("num_batches_tracked")


def encoder_namings(architecture: Architecture, names: Iterable[str]) -> list[Naming]:
    """Return how an encoder's tensors may be called, for our own `names` of a whole net."""
    own = [name for name in names if name.startswith(ENCODER)]
    namings = [
        Naming(OWN, {name.removeprefix(ENCODER): name for name in own}, re.compile(r"\d+\.\d+\."))
    ]
    if architecture.kind == "resnet":
        pattern = re.compile(r"(conv1|bn1|layer\d+)\.")
        namings.append(Naming(TORCHVISION, {_resnet_name(name): name for name in own}, pattern))
    else:
        places = _vgg_places(architecture.convolutions)
        theirs = {_vgg_name(name, places): name for name in own}
        namings.append(Naming(TORCHVISION, theirs, re.compile(r"features\.")))
    return namings


def other_namings(architecture: Architecture, names: Iterable[str]) -> list[Naming]:
    """Return how the tensors behind an encoder may be called: decoder, restorer, head."""
    own = [name for name in names if not name.startswith(ENCODER)]
    deepest = len(architecture.widths) - 1
    blocks = {_block_name(name, deepest): name for name in own}
    pattern = re.compile(r"decoder\.")
    return [
        Naming(OWN, {name: name for name in own}, pattern),
        Naming(UNET, {theirs: name for theirs, name in blocks.items() if theirs}, pattern),
    ]


def part_of(name: str) -> str:
    """Return the part of a net that one of our tensors belongs to."""
    first, second = name.split(".")[:2]
    return f"encoder level {second}" if first == "encoder" else first


def _resnet_name(name: str) -> str:
    _, level, *rest = name.split(".")
    if level == "0":
        return ".".join(("conv1" if rest[0] == "0" else "bn1", *rest[1:]))
    block, kind, number, value = rest
    if kind == "shortcut":
        return f"layer{level}.{block}.downsample.{number}.{value}"
    index, place = divmod(int(number), 3)  # convolution, norm, ReLU
    return f"layer{level}.{block}.{('conv', 'bn')[place]}{index + 1}.{value}"


def _vgg_places(convolutions: tuple[int, ...]) -> dict[tuple[int, int], int]:
    """Return the number of each convolution among all layers, with norms, ReLUs and poolings."""
    places: dict[tuple[int, int], int] = {}
    for level, count in enumerate(convolutions):
        for number in range(count):
            places[level, number] = 3 * len(places) + level
    return places


def _vgg_name(name: str, places: dict[tuple[int, int], int]) -> str:
    _, level, number, layer, value = name.split(".")
    return f"features.{places[int(level), int(number)] + int(layer)}.{value}"


def _block_name(name: str, deepest: int) -> str:
    """Name a tensor as in a decoder whose blocks are counted from the coarsest; "" without one."""
    part, *rest = name.split(".")
    if part == "decoder":
        return _in_block(deepest - 1 - int(rest[0]), rest[1:])
    if part == "restorer" and rest[0] == "levels":
        return _in_block(deepest - 1 - int(rest[1]), rest[2:])
    if part == "restorer" and rest[0] == "finest":
        return _in_block(deepest, rest[1:])
    if part == "restorer":
        return f"segmentation_head.0.{rest[-1]}"
    return ""


def _in_block(block: int, rest: list[str]) -> str:
    number, layer, value = rest
    return f"decoder.blocks.{block}.conv{int(number) + 1}.{layer}.{value}"
