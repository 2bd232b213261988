"""Parts of labelled images: of each class alike, what belongs together in one part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray


def deal_folds(
    keys: Sequence[str],
    kinds: Mapping[str, str],
    groups: Mapping[str, str],
    count: int,
    seed: int,
) -> NDArray[np.int64]:
    """Give each image the number of its part.

    Groups are dealt in a random order, the largest first, each to the part that has the fewest
    images of its class.

    Parameters
    ----------
    keys
        The images.
    kinds
        By key: class.
    groups
        By key: what belongs together.
    count
        Number of parts.
    seed
        Of the order.

    Examples
    --------
    >>> kinds = {"a": "x", "b": "x", "c": "y", "d": "y", "e": "x"}
    >>> parts = deal_folds("abcde", kinds, {"a": "one", "b": "one"}, 2, seed=0)
    >>> bool(parts[0] == parts[1] != parts[4]), bool(parts[2] != parts[3])
    (True, True)
    """
    members: dict[str, list[int]] = {}
    for number, key in enumerate(keys):
        name = f"group {groups[key]}" if key in groups else f"image {key}"
        members.setdefault(name, []).append(number)
    order = np.random.default_rng((seed, 7)).permutation(len(members))
    names = list(members)
    shuffled = sorted((names[i] for i in order), key=lambda name: -len(members[name]))
    parts = np.zeros(len(keys), np.int64)
    held: dict[str, NDArray[np.int64]] = {}
    whole = np.zeros(count, np.int64)
    for name in shuffled:
        kind = kinds[keys[members[name][0]]]
        mine = held.setdefault(kind, np.zeros(count, np.int64))
        part = min(range(count), key=lambda one: (mine[one], whole[one]))
        parts[members[name]] = part
        mine[part] += len(members[name])
        whole[part] += len(members[name])
    return parts
