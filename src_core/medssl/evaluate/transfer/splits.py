"""Who is tested, and who is labelled: the same for all methods, and nested."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from medssl.errors import SettingsError
from medssl.evaluate.transfer.request import ALL


def is_tested(key: str, share: float) -> bool:
    """Whether an image (or group of images) is one that no training sees.

    It follows from the name alone, so that tasks on the same images have the same test set.

    Examples
    --------
    >>> sum(is_tested(f"image_{number}.png", 0.25) for number in range(1000))
    249
    """
    digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
    return int.from_bytes(digest) < share * 2**64


def draw_labelled(
    strata: Mapping[str, Sequence[str]], amount: str, seed: int, pool: Iterable[str]
) -> list[str]:
    """Draw the images whose labels are known, of each class alike.

    Of one seed fewer are always a part of more.

    Parameters
    ----------
    strata
        Images of each class, or all under one name.
    amount
        How many of each: a number, a share as ``25%``, or ``all``.
    seed
        Decides which.
    pool
        The images that may be drawn.

    Raises
    ------
    SettingsError
        If a class has fewer images than that in the pool.
    """
    allowed = set(pool)
    chosen: dict[str, None] = {}
    for name in sorted(strata):
        members = sorted(set(strata[name]) & allowed)
        count = _count(amount, len(members))
        if count > len(members) or not members:
            raise SettingsError(
                f"{name!r} has {len(members)} labelled images outside of the test set, not "
                f"{max(1, count)}. Ask for fewer, or label more."
            )
        order = np.random.default_rng((seed, *name.encode())).permutation(len(members))
        chosen |= dict.fromkeys(members[index] for index in order[:count])
    return list(chosen)


def _count(amount: str, members: int) -> int:
    if amount == ALL:
        return members
    if amount.endswith("%"):
        return max(1, math.ceil(members * int(amount[:-1]) / 100))
    return int(amount)
