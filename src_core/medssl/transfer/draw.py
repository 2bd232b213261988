"""Which images are labelled in a trial with few labels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from medssl.errors import SettingsError

ALL = "all"
_WHOLE = 100
"""Per cent."""


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
        If `amount` is none of these, or a class has fewer images than that in the pool.
    """
    require_amount(amount)
    allowed = set(pool)
    chosen: dict[str, None] = {}
    for name in sorted(strata):
        members = sorted(set(strata[name]) & allowed)
        count = _count(amount, len(members))
        if count > len(members) or not members:
            raise SettingsError(
                f"{name!r} has {len(members)} labelled images to learn from, not "
                f"{max(1, count)}. Ask for fewer, or label more."
            )
        order = np.random.default_rng((seed, *name.encode())).permutation(len(members))
        chosen |= dict.fromkeys(members[index] for index in order[:count])
    return list(chosen)


def require_amount(amount: str) -> None:
    """Check that an amount is a number of images, a share as ``25%``, or ``all``.

    Raises
    ------
    SettingsError
        If it is not.
    """
    number = amount.removesuffix("%")
    most = math.inf if number == amount else _WHOLE
    if amount == ALL or (number.isdecimal() and 0 < int(number) <= most):
        return
    raise SettingsError(
        f"labelled: {amount!r} is no number of images, no share up to 100% and not 'all'"
    )


def _count(amount: str, members: int) -> int:
    if amount == ALL:
        return members
    if amount.endswith("%"):
        return max(1, math.ceil(members * int(amount[:-1]) / 100))
    return int(amount)
