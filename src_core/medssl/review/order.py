"""In which order cases are looked at."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST_COMPARED = 1000
"""Cases that are compared with each other; of more, the least sure and an even choice."""

_NO_CONFIDENCE = 0.0
_LEAST_DOUBT = 0.05
Descriptors = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float64]


class Waiting(NamedTuple):
    """A prediction that waits for a person; a confidence of None counts as none at all."""

    case_key: str
    confidence: float | None


def least_sure(waiting: Sequence[Waiting]) -> list[str]:
    """Order cases from unsure to sure, each by its least sure prediction.

    Equally sure ones keep the order in which they were given.

    Examples
    --------
    >>> least_sure([Waiting("a", 0.7), Waiting("b", 0.4), Waiting("a", 0.3)])
    ['a', 'b']
    """
    least = _least(waiting)
    return sorted(least, key=lambda key: least[key])


def most_different(
    descriptors: Descriptors, annotated: Collection[str], count: int | None = None
) -> list[str]:
    """Order cases by how different they are from those annotated and from those before them.

    Each next case is the one whose nearest neighbour among all these is farthest (greedy
    k-center). Where nothing is annotated, the most usual case, nearest to the mean, comes first.

    Parameters
    ----------
    descriptors
        Case key to one vector a case (`case_descriptors`), all of one length.
    annotated
        Keys of the annotated cases; those without a descriptor do not count.
    count
        How many to give; all by default.

    References
    ----------
    O. Sener, S. Savarese, Active Learning for Convolutional Neural Networks: A Core-Set
    Approach, ICLR 2018 (section 5, k-center greedy).

    Examples
    --------
    >>> places = {"a": np.array([0.0]), "b": np.array([1.0]), "c": np.array([5.0])}
    >>> most_different(places, ["a"])
    ['c', 'b']
    """
    keys = list(descriptors)
    known_keys = set(annotated)
    left = [row for row, key in enumerate(keys) if key not in known_keys]
    if not left:
        return []
    vectors = np.stack([np.asarray(descriptors[key], float) for key in keys])
    known = sorted(set(range(len(keys))) - set(left))
    wanted = len(left) if count is None else min(count, len(left))
    chosen = []
    if known:
        nearest = np.min([_distances(vectors, row) for row in known], axis=0)
    elif wanted:
        usual = np.linalg.norm(vectors - vectors.mean(0), axis=1)
        chosen.append(int(usual.argmin()))
        nearest = _distances(vectors, chosen[0])
    nearest_left = np.full(len(keys), -1.0)
    nearest_left[left] = 0
    while len(chosen) < wanted:
        nearest_left[chosen] = -1
        row = int(np.where(nearest_left < 0, -1, nearest).argmax())
        chosen.append(row)
        nearest = np.minimum(nearest, _distances(vectors, row))
    return [keys[row] for row in chosen]


def review_order(
    waiting: Sequence[Waiting],
    descriptors: Descriptors | None = None,
    annotated: Collection[str] = (),
    count: int | None = None,
) -> list[str]:
    """Order waiting cases so that each answer of a person tells most about the others.

    A case is doubtful as far as it is not sure, and as far as nothing like it is annotated. The
    next case is the one that, once annotated, takes most doubt away, from itself and from the
    cases that look like it (greedy facility location). So the unsure come early, but not near
    copies of what has just been answered, and no odd one before a case that speaks for many.
    Cases without a descriptor follow, the least sure first.

    Parameters
    ----------
    waiting
        The predictions that wait.
    descriptors
        Case key to one vector a case (`case_descriptors`); without them it is `least_sure`.
    annotated
        Keys of the cases in which a person has set points.
    count
        How many to give; all by default.
    """
    doubt = {key: max(_LEAST_DOUBT, 1 - sure) for key, sure in _least(waiting).items()}
    ranked = sorted(doubt, key=lambda key: -doubt[key])
    if count is not None and count < 1:
        return []
    if descriptors is None:
        return ranked[:count]
    comparable = [key for key in ranked if key in descriptors]
    compared = _choice(comparable)
    among = set(compared)
    rest = [key for key in ranked if key not in among]
    done = [descriptors[key] for key in annotated if key in descriptors and key not in doubt]
    first = _take_doubt_away(
        np.array([doubt[key] for key in compared]),
        np.stack([np.asarray(descriptors[key], float) for key in compared])
        if compared
        else np.zeros((0, 1)),
        np.stack([np.asarray(one, float) for one in done]) if done else None,
        len(compared) if count is None else min(count, len(compared)),
    )
    return [*(compared[row] for row in first), *rest][:count]


def next_case(
    waiting: Sequence[Waiting],
    descriptors: Descriptors | None = None,
    annotated: Collection[str] = (),
    skipped: Collection[str] = (),
) -> str | None:
    """Give the case to look at next, None if nothing waits.

    Parameters
    ----------
    waiting, descriptors, annotated
        As of `review_order`.
    skipped
        Cases that a person has put off; they come when nothing else waits.
    """
    put_off = set(skipped)
    now = [one for one in waiting if one.case_key not in put_off] or waiting
    return next(iter(review_order(now, descriptors, annotated, 1)), None)


def _least(waiting: Sequence[Waiting]) -> dict[str, float]:
    least: dict[str, float] = {}
    for key, confidence in waiting:
        sure = _NO_CONFIDENCE if confidence is None else confidence
        least[key] = min(sure, least.get(key, sure))
    return least


def _choice(ranked: list[str]) -> list[str]:
    """Give all, or of many the least sure half and evenly spread others, in their order."""
    if len(ranked) <= MOST_COMPARED:
        return ranked
    half = MOST_COMPARED // 2
    spread = np.linspace(half, len(ranked) - 1, MOST_COMPARED - half).astype(int)
    return [*ranked[:half], *(ranked[row] for row in np.unique(spread))]


def _take_doubt_away(
    doubt: Floats, vectors: Floats, annotated: Floats | None, wanted: int
) -> list[int]:
    """Rows in the order in which they take most doubt away."""
    between = _between(vectors, vectors)
    scale = float(between.max(initial=0.0)) or 1.0
    nearest = np.full(len(doubt), scale)
    if annotated is not None:
        nearest = np.minimum(nearest, _between(annotated, vectors).min(0))
    chosen: list[int] = []
    for _ in range(wanted):
        gain = np.maximum(nearest - between, 0) @ doubt
        gain[chosen] = -1
        row = int(gain.argmax())
        chosen.append(row)
        nearest = np.minimum(nearest, between[row])
    return chosen


def _between(a: Floats, b: Floats) -> Floats:
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    return np.asarray(np.sqrt(np.maximum(squared, 0)), float)


def _distances(vectors: Floats, row: int) -> Floats:
    return np.asarray(np.linalg.norm(vectors - vectors[row], axis=1), float)
