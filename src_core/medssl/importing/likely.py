"""What kind of net a file's tensors are of, told from names and shapes alone."""

from __future__ import annotations

import re
from collections.abc import Mapping

from medssl.importing.reading import StateDict
from medssl.nets.architecture import VGG_WIDTHS

_RESNETS = {(2, 2, 2, 2, False): "resnet18", (3, 4, 6, 3, True): "resnet50"}
_BLOCK = re.compile(r"^(.*?)layer([1-4])\.(\d+)\.conv(\d)\.weight$")


def describe_likely(dicts: Mapping[str, StateDict]) -> str:
    """Say what the tensors look like, and how to ask for it; "" where that is not known."""
    for tensors in dicts.values():
        for look in (_resnet, _vgg, _own):
            said = look(tensors)
            if said:
                return said
    return ""


def _resnet(tensors: StateDict) -> str:
    blocks: dict[str, set[str]] = {}
    bottleneck, width, first = False, 0, None
    for name, tensor in tensors.items():
        found = _BLOCK.match(name)
        if found is None or (first is not None and found[1] != first):
            continue
        first = found[1]
        blocks.setdefault(found[2], set()).add(found[3])
        bottleneck = bottleneck or found[4] == "3"
        if found[2] == "1" and found[3] == "0" and found[4] == "1" and tensor.ndim == 4:
            width = tensor.shape[0]
    if not blocks:
        return ""
    counts = tuple(len(blocks[level]) for level in sorted(blocks))
    arch = _RESNETS.get((*counts, bottleneck))  # type: ignore[arg-type]
    if arch is None:
        kind = "bottleneck" if bottleneck else "basic"
        return (
            f"It looks like a ResNet of {'-'.join(map(str, counts))} {kind} blocks, which medssl "
            "does not build (resnet18 has 2-2-2-2 basic, resnet50 3-4-6-3 bottleneck blocks)."
        )
    return f"It looks like --arch {arch} --width {width}."


def _vgg(tensors: StateDict) -> str:
    first = _find(tensors, r"features\.0\.weight$")
    if first is None:
        return ""
    norm = _find(tensors, r"features\.1\.weight$")
    if norm is None:
        return "It looks like a VGG without batch norm; medssl's has it, take VGG-16 with it (_bn)."
    for size, widths in VGG_WIDTHS.items():
        if tensors[first].shape[0] == widths[0]:
            return f"It looks like a VGG; VGG-16 with batch norm is --arch vgg-{size}."
    return f"It looks like a VGG that begins with {tensors[first].shape[0]} channels."


def _own(tensors: StateDict) -> str:
    residual = _find(tensors, r"encoder\.1\.0\.layers\.0\.weight$")
    if residual is not None:
        arch = "resnet50" if _find(tensors, r"encoder\.1\.0\.layers\.6\.weight$") else "resnet18"
        return f"It looks like medssl's --arch {arch} --width {tensors[residual].shape[0]}."
    first = _find(tensors, r"encoder\.0\.0\.0\.weight$")
    if first is None:
        return ""
    width, ndim = tensors[first].shape[0], tensors[first].ndim - 2
    if _find(tensors, r"encoder\.2\.2\.0\.weight$") is None:
        return f"It looks like medssl's --arch plain --width {width} --ndim {ndim}."
    size = {widths[0]: name for name, widths in VGG_WIDTHS.items()}.get(width, "?")
    return f"It looks like medssl's --arch vgg-{size} --ndim {ndim}."


def _find(tensors: StateDict, ending: str) -> str | None:
    pattern = re.compile(rf"(^|\.){ending}")
    return next((name for name in tensors if pattern.search(name)), None)
