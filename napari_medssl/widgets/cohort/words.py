"""How cases are said: state, sureness, what was found."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from medssl.levels import level_of
from napari_medssl.widgets.review import point_words

if TYPE_CHECKING:
    from medssl.cohort.overview import CaseSummary
    from napari_medssl.cohorts.desk import Detail

#: A sign for each state, so that it is not told by colour alone.
SIGNS = {"to do": "–", "predicted": "?", "reviewed": "✓"}


def state_words(case: CaseSummary) -> str:
    """Sign and state; a file that has changed is flagged."""
    flag = "  ⚠" if case.changed else ""
    return f"{SIGNS[case.state]}  {case.state}{flag}"


def sure_words(case: CaseSummary) -> str:
    """How sure the least sure prediction that waits is, as a word."""
    if case.state != "predicted":
        return ""
    return "found" if case.confidence is None else level_of(case.confidence)


def case_tip(case: CaseSummary) -> str:
    """Say all that is known of a case."""
    lines = [case.name, f"state: {case.state}"]
    if case.confidence is not None:
        lines.append(f"least sure prediction: confidence {case.confidence:.2f}")
    lines.append(f"{case.by_person} by a person · {case.predicted} predicted")
    lines += [f"{name}: {value}" for name, value in case.labels.items()]
    if case.patient:
        lines.append(f"patient {case.patient}")
    if case.seconds:
        lines.append(f"{case.seconds} second readings wait")
    if case.changed:
        lines.append("the file has changed since it was annotated; see medssl cohort check")
    return "\n".join(lines)


def detail_words(detail: Detail | None) -> str:
    """Say what is known of the current case: each point, label and mask."""
    if detail is None:
        return "Reading the case"
    points = [f"{p.landmark} {point_words(p)}" for p in detail.points]
    said = [*points, *detail.labels, *(f"{name} drawn" for name in detail.masks)]
    return "   ".join(said) if said else "Nothing found or placed in it yet"


def progress_words(counts: Counter[str]) -> str:
    """How far the review is."""
    parts = [f"{counts['reviewed']} of {counts.total()} reviewed"]
    parts += [f"{counts['predicted']} wait"] if counts["predicted"] else []
    parts += [f"{counts['to do']} to do"] if counts["to do"] else []
    return " · ".join(parts)


def short_name(name: str) -> str:
    """Leave the ending of an image file out, where there is little room."""
    stem, dot, ending = name.rpartition(".")
    if ending.lower() == "gz":
        stem = stem.rpartition(".")[0] or stem
    return stem if dot and stem and len(ending) <= 5 and "/" not in ending else name
