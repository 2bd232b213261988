"""The tables of the report, one function a section."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from medssl import __version__
from medssl.cohort.overview import STATES, CaseSummary
from medssl.cohort.records import CaseRecord
from medssl.cohort.report.charts import histogram, nice_end, shares, small_histogram
from medssl.cohort.report.errors import ErrorRow, all_together
from medssl.cohort.report.markup import counted, name, paragraph, table, text
from medssl.cohort.report.shown import ShownCases
from medssl.cohort.store import Cohort
from medssl.geometry import Unit

_STATE_COLOURS = {"to do": "c4", "predicted": "c3", "reviewed": "c2"}
_SOURCE_COLOURS = {"manual": "c1", "corrected": "c2", "predicted": "c3"}
_UNITS: tuple[Unit, ...] = ("mm", "px")


def facts(cohort: Cohort, cases: Sequence[CaseSummary]) -> str:
    """Give the numbers that are asked first."""
    every = {
        "cases": len(cases),
        "patients": len({case.patient for case in cases} - {""}),
        "studies": len({case.study for case in cases} - {""}),
        "landmarks": len(cohort.landmarks()),
        "set by people": sum(case.by_person for case in cases),
        "predictions waiting": sum(case.predicted for case in cases),
        "second readings": sum(case.seconds for case in cases),
        "flagged cases": sum(case.changed for case in cases),
    }
    items = "".join(
        f"<div><dt>{text(k)}</dt><dd>{_count(k, v)}</dd></div>" for k, v in every.items()
    )
    return f'<dl class="facts">{items}</dl>\n'


def _count(what: str, number: int) -> str:
    """Give a number; a dash for patients and studies that nobody has named."""
    return "–" if what in ("patients", "studies") and not number else str(number)


def case_counts(cases: Sequence[CaseSummary]) -> str:
    """Count cases by state and modality."""
    if not cases:
        return paragraph("There are no images in this cohort yet.")
    states: dict[str, int] = {state: sum(case.state == state for case in cases) for state in STATES}
    by_modality = Counter((case.modality or "not known", case.state) for case in cases)
    rows = [
        [name(modality), *(str(by_modality[modality, state]) for state in STATES),
         str(sum(by_modality[modality, state] for state in STATES))]
        for modality in sorted({modality for modality, _ in by_modality})
    ]  # fmt: skip
    return shares(states, _STATE_COLOURS, "Cases by state") + table(
        "Cases by modality and state", ("modality", *STATES, "all"), rows, range(1, 5)
    )


def landmark_counts(cohort: Cohort, cases: int) -> str:
    """Count points by landmark and source."""
    counts = cohort.point_counts()
    if not counts:
        return ""
    about = {record.name: record for record in cohort.landmarks()}
    rows = []
    for count in counts:
        record = about[count.landmark]
        said = " ".join(part for part in (record.side or "", record.text) if part)
        held = (count.manual, count.corrected, count.predicted)
        rows.append(
            [name(count.landmark), name(said), *map(str, held), str(cases - sum(held))]
        )  # fmt: skip
    sources = {
        source: sum(getattr(count, source) for count in counts)
        for source in ("manual", "corrected", "predicted")
    }
    heads = ("landmark", "definition", "manual", "corrected", "predicted", "no point")
    return shares(sources, _SOURCE_COLOURS, "Points by source") + table(
        "Points that hold: a person’s where there is one, else the prediction",
        heads, rows, range(2, 6),
    )  # fmt: skip


def error_tables(rows: Sequence[ErrorRow]) -> str:
    """Show how far predictions lay from corrections, each unit for itself."""
    parts = []
    for unit in _UNITS:
        here = [row for row in rows if row.unit == unit]
        if not here:
            continue
        every = all_together(here, unit)
        end = nice_end(max(every.values))
        lines = [_error_line(row, end) for row in here]
        if len(here) > 1:
            lines.append(_error_line(every, end))
        caption = f"Distance in {unit}"
        if unit == "px":
            caption += " of the image: the size of its pixels is not known"
        heads = ("landmark", "answered", "moved", "mean", "median", "95 % within", "largest", "")
        parts.append(histogram(every.values, unit))
        parts.append(table(caption, (*heads[:-1], f"0 to {end:g} {unit}"), lines, range(1, 7)))
    if not parts:
        return ""
    how = (
        "How far the predictions that people have answered lay from where the point was then "
        "put; those that were accepted as they were count as 0. Predictions that wait are not "
        "counted: where the least sure ones were looked at first, these are nearer than that."
    )
    return paragraph(text(how)) + "".join(parts)


def _error_line(row: ErrorRow, end: float) -> list[str]:
    values = (row.mean, row.median, row.high, max(row.values))
    return [
        name(row.landmark) if row.landmark else "<b>all</b>",
        str(len(row.values)),
        str(row.moved),
        *(f"{value:.2f}" for value in values),
        small_histogram(row.values, end, row.unit),
    ]


def label_counts(cohort: Cohort) -> str:
    """Count labels by value, a person's and predicted ones."""
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for label in cohort.labels():
        counts[label.name, label.value][label.kind] += 1
    rows = [
        [name(label), name(value), str(found["human"]), str(found["predicted"])]
        for (label, value), found in sorted(counts.items())
    ]
    if not rows:
        return ""
    return table("Cases by label", ("label", "value", "by a person", "predicted"), rows, (2, 3))


def mask_counts(cohort: Cohort) -> str:
    """Count segmentations by name and source."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for record in cohort.segmentations():
        counts[record.name][record.source] += 1
    sources = ("manual", "corrected", "predicted")
    rows = [[name(n), *(str(found[s]) for s in sources)] for n, found in sorted(counts.items())]
    if not rows:
        return ""
    return table("Cases by mask", ("mask", "drawn", *sources[1:]), rows, (1, 2, 3))


def flagged(
    summaries: Sequence[CaseSummary], cases: Sequence[CaseRecord], shown: ShownCases, paths: bool
) -> str:
    """List cases whose image has changed since it was worked on, or is not there now."""
    absent = [case.key for case in cases if not case.source().files[0].exists()]
    changed = [case.key for case in cases if case.changed]
    said = dict.fromkeys(changed, "its image is another than what was worked on")
    said |= dict.fromkeys(absent, "its image is not there")
    if not said:
        return ""
    order = [case for case in summaries if case.key in said]
    heads = ["case", "patient", "state", "why"] + (["image"] if paths else [])
    rows = []
    for case in order[:MOST_LISTED]:
        row = [name(shown[case.key]), text(case.patient), case.state, text(said[case.key])]
        rows.append([*row, name(shown.record(case.key).path)] if paths else row)
    return table(counted(len(order), "flagged case"), heads, rows) + more(len(order))


def more(count: int) -> str:
    """Say how many lines were left out of a long list."""
    left = count - MOST_LISTED
    return paragraph(f"… and {left} more: medssl cohort status shows all.") if left > 0 else ""


MOST_LISTED = 200


def made_by() -> str:
    """Say what made the page."""
    return f"napari-medssl {__version__}"
