"""All cases at a glance: one row each, sorted and filtered in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

State = Literal["to do", "predicted", "reviewed"]
SortBy = Literal["added", "name", "confidence", "state", "label"]
STATES: tuple[State, ...] = ("to do", "predicted", "reviewed")


class CaseSummary(NamedTuple):
    """One case at a glance.

    Parameters
    ----------
    key, name, modality, patient, study, changed
        As of `CaseRecord`.
    state
        ``"predicted"`` where a prediction waits for a person, ``"reviewed"`` where a person has
        said something (also that a prediction is wrong) and none waits, else ``"to do"``.
    by_person, predicted
        Number of points, labels and segmentations that hold: a person's, and predictions.
    confidence
        The lowest one of the predictions that wait; None where there is none.
    labels
        Name to value, the person's before the prediction.
    seconds
        Number of second readings that wait for a decision.
    """

    key: str
    name: str
    modality: str
    patient: str
    study: str
    changed: bool
    state: State
    by_person: int
    predicted: int
    confidence: float | None
    labels: Mapping[str, str]
    seconds: int


def sort_cases(
    cases: Sequence[CaseSummary], by: SortBy, label: str = "", descending: bool = False
) -> list[CaseSummary]:
    """Sort cases; equal ones keep their order.

    Parameters
    ----------
    cases
        In the order in which they were added.
    by
        ``"confidence"`` puts the least sure first, and cases without predictions last either
        way; ``"label"`` sorts by the value of `label`.
    label
        Name of the label to sort by.
    descending
        The other way round.
    """
    if by == "added":
        return list(reversed(cases)) if descending else list(cases)
    keys: dict[str, Callable[[CaseSummary], Any]] = {
        "name": lambda case: case.name.casefold(),
        "confidence": lambda case: case.confidence,
        "state": lambda case: STATES.index(case.state),
        "label": lambda case: case.labels.get(label, "").casefold() or None,
    }
    key = keys[by]
    known = [case for case in cases if key(case) is not None]
    unknown = [case for case in cases if key(case) is None]
    return [*sorted(known, key=key, reverse=descending), *unknown]


def filter_cases(
    cases: Sequence[CaseSummary],
    text: str = "",
    state: State | None = None,
    label: tuple[str, str] | None = None,
) -> list[CaseSummary]:
    """Keep the cases that hold all the words of `text`, are in `state`, and have this label.

    Words are looked for in name, modality, patient, study and the values of labels.
    """
    words = text.casefold().split()
    return [
        case
        for case in cases
        if (state is None or case.state == state)
        and (label is None or case.labels.get(label[0]) == label[1])
        and (not words or _holds(case, words))
    ]


def _holds(case: CaseSummary, words: Sequence[str]) -> bool:
    said = " ".join((case.name, case.modality, case.patient, case.study, *case.labels.values()))
    said = said.casefold()
    return all(word in said for word in words)
