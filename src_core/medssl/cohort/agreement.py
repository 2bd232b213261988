"""How far people agree who said something about the same images."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from medssl.cohort.store import Cohort
from medssl.cohort.tables import LABELS, POINTS
from medssl.geometry import Unit

WITHIN = 1.96
"""Standard deviations to either side between which 95 % of a normal distribution lie."""


@dataclass(frozen=True)
class PairOfPoints:
    """A landmark that two people placed in the same image.

    Parameters
    ----------
    case_key, landmark
        Where.
    people
        Initials of the two, in their alphabetical order; who is not named has a name in brackets.
    apart
        From the first one's point to the second's, ``(x, y, z)`` or ``(x, y)``, in `unit`.
    unit
        Unit of the image.
    """

    case_key: str
    landmark: str
    people: tuple[str, str]
    apart: tuple[float, ...]
    unit: Unit

    @property
    def distance(self) -> float:
        """Distance of the two points, in `unit`."""
        return math.hypot(*self.apart)


@dataclass(frozen=True)
class PointAgreement:
    """How far apart people place a landmark.

    Parameters
    ----------
    landmark
        Its name.
    people
        The two people, or None for all pairs together.
    unit
        Unit of the lengths.
    n
        Number of pairs of points.
    mean, median
        Of their distances.
    within
        The distance within which 95 % of them lie.
    limits
        By axis (x, y, z) the 95 % limits of agreement: mean difference, less and plus 1.96 standard
        deviations of the differences (of two people, the second's less the first's). None where
        there is only one pair, or the pairs are not of the same two people.
    spread
        Standard deviation of one person's point along one axis, from these pairs.
    """

    landmark: str
    people: tuple[str, str] | None
    unit: Unit
    n: int
    mean: float
    median: float
    within: float
    limits: tuple[tuple[float, float], ...] | None
    spread: float


@dataclass(frozen=True)
class LabelAgreement:
    """How far two people agree on a label of images.

    Parameters
    ----------
    label
        Its name.
    people
        The two, in alphabetical order.
    n
        Number of images that both have labelled.
    agreed
        Share of them that have the same value.
    kappa
        Cohen's kappa: how much of the agreement that chance leaves open is reached, 1 at best, 0
        as by chance. None where both only ever say one and the same value.
    counts
        How often the first one said what and the second one said what.

    References
    ----------
    J. Cohen, *A coefficient of agreement for nominal scales*, Educational and Psychological
    Measurement 20, 1960.
    """

    label: str
    people: tuple[str, str]
    n: int
    agreed: float
    kappa: float | None
    counts: Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class _Reading:
    person: str
    time: str
    said: dict[str, Any]


def pairs_of_points(cohort: Cohort, landmark: str | None = None) -> list[PairOfPoints]:
    """List the pairs of points that two people placed for the same landmark in the same image.

    The newest reading of each person counts, whether it holds in the cohort or waits as a second
    reading. Predictions are nobody's.
    """
    found = []
    for (case, name), readings in _readings(cohort, "points").items():
        if landmark not in (None, name):
            continue
        for one, other in combinations(readings, 2):
            there, here = _place(other.said), _place(one.said)
            apart = tuple(b - a for a, b in zip(here, there, strict=True))
            people = (one.person, other.person)
            found.append(PairOfPoints(case, name, people, apart, one.said["unit"]))
    return found


def agreement_on_points(pairs: Sequence[PairOfPoints]) -> list[PointAgreement]:
    """Sum up pairs by landmark: all of them together, then each two people where there are more."""
    groups: dict[tuple[str, Unit], list[PairOfPoints]] = {}
    for pair in pairs:
        groups.setdefault((pair.landmark, pair.unit), []).append(pair)
    result = []
    for group in groups.values():
        twos = list(dict.fromkeys(pair.people for pair in group))
        if len(twos) > 1:
            result.append(_sum_up(group, None))
        result += [_sum_up([p for p in group if p.people == two], two) for two in sorted(twos)]
    return result


def agreement_on_labels(cohort: Cohort) -> list[LabelAgreement]:
    """Compare the labels that two people gave to the same images."""
    counts: dict[tuple[str, tuple[str, str]], Counter[tuple[str, str]]] = {}
    for (_, name), readings in _readings(cohort, "labels").items():
        for one, other in combinations(readings, 2):
            key = (name, (one.person, other.person))
            said = (str(one.said["value"]), str(other.said["value"]))
            counts.setdefault(key, Counter())[said] += 1
    result = []
    for (name, people), found in sorted(counts.items()):
        said_by_both, kappa = dict(sorted(found.items())), kappa_of(found)
        total = found.total()
        result.append(LabelAgreement(name, people, total, _agreed(found), kappa, said_by_both))
    return result


def kappa_of(counts: Mapping[tuple[str, str], int]) -> float | None:
    """Give Cohen's kappa of how often one said what and the other what; see `LabelAgreement`."""
    total = sum(counts.values())
    first, second = Counter[str](), Counter[str]()
    for (one, other), count in counts.items():
        first[one] += count
        second[other] += count
    by_chance = sum(first[value] * second[value] for value in first) / total**2
    if by_chance == 1:
        return None
    return (_agreed(counts) - by_chance) / (1 - by_chance)


def _agreed(counts: Mapping[tuple[str, str], int]) -> float:
    same = sum(count for (one, other), count in counts.items() if one == other)
    return same / sum(counts.values())


def _sum_up(pairs: Sequence[PairOfPoints], people: tuple[str, str] | None) -> PointAgreement:
    distances = np.array([pair.distance for pair in pairs])
    apart = np.array([pair.apart for pair in pairs])
    limits = None
    if people is not None and len(pairs) > 1:
        middle, spread = apart.mean(axis=0), WITHIN * apart.std(axis=0, ddof=1)
        limits = tuple(
            (float(low), float(high))
            for low, high in zip(middle - spread, middle + spread, strict=True)
        )
    return PointAgreement(
        pairs[0].landmark, people, pairs[0].unit, len(pairs), float(distances.mean()),
        float(np.median(distances)), float(np.quantile(distances, 0.95)), limits,
        spread_of(pairs),
    )  # fmt: skip


def spread_of(pairs: Sequence[PairOfPoints]) -> float:
    """Give the standard deviation of one person's point along one axis.

    The difference of two independent points varies twice as much: ``s² = mean(d²) / (2 n_axes)``.
    """
    axes = len(pairs[0].apart)
    return math.sqrt(sum(pair.distance**2 for pair in pairs) / (2 * axes * len(pairs)))


def _readings(cohort: Cohort, what: str) -> dict[tuple[str, str], list[_Reading]]:
    """By case and landmark or label: the newest reading of each person, by their names."""
    newest: dict[tuple[str, str], dict[str, _Reading]] = {}
    for key, reading in _every_reading(cohort, what):
        of_place = newest.setdefault(key, {})
        before = of_place.get(reading.person)
        if before is None or before.time < reading.time:
            of_place[reading.person] = reading
    return {
        key: [found[person] for person in sorted(found)]
        for key, found in newest.items()
        if len(found) > 1
    }


def _every_reading(cohort: Cohort, what: str) -> Iterator[tuple[tuple[str, str], _Reading]]:
    here = f"({cohort.path.stem})"
    if what == "points":
        for point in cohort.points(kind="human"):
            axes = dict(zip(("world_x", "world_y", "world_z"), point.point_world, strict=False))
            said: dict[str, Any] = {**axes, "unit": point.unit}
            reading = _Reading(point.author or here, point.time, said)
            yield (point.case_key, point.landmark), reading
    else:
        for label in cohort.labels(kind="human"):
            reading = _Reading(label.author or here, label.time, {"value": label.value})
            yield (label.case_key, label.name), reading
    columns = (POINTS if what == "points" else LABELS).columns
    for one in cohort.alternatives():
        if one.what == what:
            said = dict(zip(columns, one.found, strict=True))
            if said.get("source") != "predicted":
                reading = _Reading(one.author or f"({one.origin})", one.time, said)
                yield (one.case_key, one.name), reading


def _place(said: Mapping[str, Any]) -> tuple[float, ...]:
    axes = (said.get(axis) for axis in ("world_x", "world_y", "world_z"))
    return tuple(value for value in axes if value is not None)
