"""When the weights of a file are not those of the net that was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from torch import Tensor

from medssl.errors import FileRefusedError
from medssl.importing.likely import describe_likely
from medssl.importing.matching import Match
from medssl.importing.names import OWN, Naming, is_counter
from medssl.importing.reading import StateDict

LEAST_SHARE = 0.1
_SHOWN = 3


def require_encoder(
    path: Path,
    arch: str,
    match: Match | None,
    dicts: Mapping[str, StateDict],
    namings: Iterable[Naming],
    ours: Mapping[str, Tensor],
) -> Match:
    """Return the match of the encoder if it is one.

    Raises
    ------
    FileRefusedError
        If no tensor is found, one has another shape, the file's encoder has more than ours, or too
        few are found.
    """
    likely = describe_likely(dicts)
    remedy = likely or "Choose the --arch and --width that the weights were trained with."
    if match is None:
        raise FileRefusedError(
            path,
            f"none of its tensors belongs to {arch}. It holds {_shown_file(dicts)}; "
            f"expected was, after any prefix, {_shown_expected(namings, ours)}",
            remedy,
        )
    if match.wrong:
        mine, theirs = next(iter(match.wrong.items()))
        found = tuple(dicts[match.where][theirs].shape)
        raise FileRefusedError(
            path,
            f"{len(match.wrong)} tensors have other shapes than in {arch}; {theirs} is "
            f"{_shape(found)} instead of {_shape(ours[mine].shape)}",
            remedy,
        )
    leftover = match.leftover(dicts[match.where])
    if leftover:
        raise FileRefusedError(
            path,
            f"its encoder has {len(leftover)} tensors that {arch} has no place for, the first is "
            f"{leftover[0]}",
            remedy,
        )
    of = sum(name.startswith("encoder.") for name in ours)
    if len(match.tensors) < LEAST_SHARE * of:
        raise FileRefusedError(
            path,
            f"only {len(match.tensors)} of the {of} tensors of {arch}'s encoder are in it, the "
            f"first is {next(iter(match.tensors.values()))}",
            remedy,
        )
    return match


def _shown_file(dicts: Mapping[str, StateDict]) -> str:
    where, tensors = max(dicts.items(), key=lambda item: len(item[1]))
    names = [name for name in tensors if not is_counter(name)] or list(tensors)
    shown = [f"{name} ({_shape(tensors[name].shape)})" for name in names[:_SHOWN]]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(shown) + more + (f" in {where}" if where else "")


def _shown_expected(namings: Iterable[Naming], ours: Mapping[str, Tensor]) -> str:
    said = []
    for naming in namings:
        theirs, mine = next(iter(naming.tensors.items()))
        said.append(f"{mine if naming.name == OWN else theirs} ({_shape(ours[mine].shape)})")
    return " or ".join(said)


def _shape(shape: Iterable[int]) -> str:
    return " × ".join(map(str, shape)) or "a single number"
