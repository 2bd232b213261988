"""Find the tensors of a net in a file by their names and shapes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from torch import Tensor

from medssl.importing.names import Naming, is_counter
from medssl.importing.reading import StateDict

LESS_WANTED = re.compile(r"(^|[._])(k|key|momentum|target|student)([._]|$)")
"""Second copies of a net, which their authors do not go on with (MoCo, BYOL, DINO)."""


@dataclass
class Match:
    """What a file holds of a net, or of a part of it.

    Parameters
    ----------
    where
        Key of the dictionary of tensors in the file.
    prefix
        What precedes the names in it.
    naming
        How its tensors are named.
    tensors
        Name in the dictionary of each of our tensors whose shapes agree.
    wrong
        The same where they do not.
    """

    where: str
    prefix: str
    naming: Naming
    tensors: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)

    def add(self, ours: str, theirs: str, agrees: bool) -> None:
        """Note a tensor that was found by its name."""
        (self.tensors if agrees else self.wrong)[ours] = theirs

    def leftover(self, tensors: StateDict) -> list[str]:
        """Names of tensors that belong to the same subnet and that ours has no place for."""
        used = {*self.tensors.values(), *self.wrong.values()}
        return [
            name
            for name in tensors
            if name.startswith(self.prefix)
            and name not in used
            and not is_counter(name)
            and self.naming.belongs.match(name.removeprefix(self.prefix))
            and not _is_bias_of(name, used)
        ]


def find_match(
    dicts: Mapping[str, StateDict],
    namings: Iterable[Naming],
    ours: Mapping[str, Tensor],
    beside: Match | None = None,
) -> Match | None:
    """Return the place in a file and the naming under which most tensors are found.

    Shapes count before names. Any beginning of a name may precede a net's own names, as
    ``module.encoder_q.``; of places that are equally good, the nearest to `beside` is taken.
    """
    found: dict[tuple[str, str, str], Match] = {}
    for where, tensors in dicts.items():
        for naming in namings:
            for theirs, tensor in tensors.items():
                for prefix, name in _splits(theirs):
                    mine = naming.tensors.get(name)
                    if mine is not None:
                        match = found.setdefault(
                            (where, prefix, naming.name), Match(where, prefix, naming)
                        )
                        match.add(mine, theirs, agrees(mine, ours[mine], tensor))
    return max(found.values(), key=lambda match: _merit(match, beside), default=None)


def agrees(name: str, ours: Tensor, theirs: Tensor) -> bool:
    """Whether a tensor can be taken; the first convolution may have other colours."""
    if ours.shape == theirs.shape:
        return True
    return (
        is_first_convolution(name)
        and ours.ndim == theirs.ndim
        and {ours.shape[1], theirs.shape[1]} == {1, 3}
        and ours.shape[:1] + ours.shape[2:] == theirs.shape[:1] + theirs.shape[2:]
    )


def is_first_convolution(name: str) -> bool:
    """Whether this is the weight that images meet first, in a ResNet or in another net."""
    return name in ("encoder.0.0.weight", "encoder.0.0.0.weight")


def _merit(match: Match, beside: Match | None) -> tuple[int, int, bool, int]:
    second = LESS_WANTED.search(f"{match.where}.{match.prefix}") is not None
    near = 0
    if beside is not None and beside.where == match.where:
        pairs = zip(beside.prefix, match.prefix, strict=False)
        near = 1 + next((n for n, (a, b) in enumerate(pairs) if a != b), len(match.prefix))
    named = len(match.tensors) + len(match.wrong)
    return len(match.tensors), named, not second, near


def _splits(name: str) -> Iterable[tuple[str, str]]:
    """Yield each way to take a name apart into what precedes it and itself."""
    yield "", name
    for place, letter in enumerate(name):
        if letter == ".":
            yield name[: place + 1], name[place + 1 :]


def _is_bias_of(name: str, used: set[str]) -> bool:
    return name.endswith(".bias") and name.removesuffix("bias") + "weight" in used
