"""An image mirrored and shifted a little: what a net says of all these together is steadier."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Turn:
    """One way of showing an image.

    Parameters
    ----------
    shift
        Voxels of nothing before the image, along each axis.
    mirrored
        Whether its last axis runs backwards.
    """

    shift: tuple[int, ...]
    mirrored: bool


def choose_turns(strides: Sequence[int], mirror: bool) -> tuple[Turn, ...]:
    """Choose how an image is shown to a net of these strides.

    In-plane each shift by half a place or none; whole volumes, which take long, are mirrored only.
    """
    halves = [stride // 2 for stride in strides]
    if len(strides) == 3 and strides[0] > 1:
        shifts: list[tuple[int, ...]] = [(0, 0, 0)]
    else:
        shifts = list(itertools.product(*(dict.fromkeys((0, half)) for half in halves)))
    flips = (False, True) if mirror else (False,)
    return tuple(Turn(shift, flip) for flip in flips for shift in shifts)


def shown(image: Tensor, turns: Sequence[Turn]) -> Tensor:
    """Return an image ``(C, *spatial)`` in each of the ways, on one size: ``(T, C, *size)``."""
    room = _room(turns)
    made = []
    for turn in turns:
        padding = [
            amount
            for before, most in reversed(list(zip(turn.shift, room, strict=True)))
            for amount in (before, most - before)
        ]
        made.append(F.pad(image.flip(-1) if turn.mirrored else image, padding))
    return torch.stack(made)


def undone(maps: Tensor, turns: Sequence[Turn], size: Sequence[int]) -> Tensor:
    """Bring maps ``(T, K, *voxels)`` of what was `shown` back: ``(T, K, *size)``."""
    made = []
    for one, turn in zip(maps, turns, strict=True):
        box = tuple(slice(s, s + side) for s, side in zip(turn.shift, size, strict=True))
        part = one[(slice(None), *box)]
        made.append(part.flip(-1) if turn.mirrored else part)
    return torch.stack(made)


def _room(turns: Sequence[Turn]) -> tuple[int, ...]:
    return tuple(max(turn.shift[axis] for turn in turns) for axis in range(len(turns[0].shift)))
