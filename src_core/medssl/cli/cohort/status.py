"""``medssl cohort status``: what is in a cohort, and how far it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from medssl.cli.cohort.common import SHOWN, CohortFolder, counted, open_cohort, show
from medssl.cli.output import JsonFlag, out, print_json
from medssl.errors import SettingsError

if TYPE_CHECKING:
    from medssl.cohort import Cohort
    from medssl.cohort.overview import CaseSummary, State


class Sort(StrEnum):
    """Order of the cases."""

    ADDED = "added"
    NAME = "name"
    CONFIDENCE = "confidence"
    STATE = "state"


class Only(StrEnum):
    """State of a case."""

    TO_DO = "to-do"
    PREDICTED = "predicted"
    REVIEWED = "reviewed"


STATES: Mapping[Only, State] = {
    Only.TO_DO: "to do",
    Only.PREDICTED: "predicted",
    Only.REVIEWED: "reviewed",
}


def status(
    folder: CohortFolder,
    cases: Annotated[bool, typer.Option("--cases", help="Show each case.")] = False,
    sort: Annotated[
        Sort, typer.Option(help="Order of the cases; confidence: least sure first.")
    ] = Sort.ADDED,
    find: Annotated[
        str,
        typer.Option(
            metavar="WORDS",
            help="Only cases with these words in name, modality, codes or labels.",
            show_default=False,
        ),
    ] = "",
    only: Annotated[
        Only | None, typer.Option(help="Only cases in this state.", show_default=False)
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Show what is in a cohort, and how far it is."""
    from medssl.cohort.overview import filter_cases, sort_cases

    if not cases and (find or only or sort is not Sort.ADDED):
        raise SettingsError("--sort, --find and --only are for the list of cases. Add --cases")
    with open_cohort(folder) as cohort:
        every = cohort.overview()
        summary = _summary(cohort, every)
        listed = filter_cases(every, find, STATES[only] if only else None)
        listed = sort_cases(listed, sort.value)
    if json:
        print_json(summary | ({"list": [case._asdict() for case in listed]} if cases else {}))
        return
    _show(summary)
    if cases:
        _show_cases(listed)


def _summary(cohort: Cohort, cases: list[CaseSummary]) -> dict[str, Any]:
    labels: dict[str, Counter[str]] = {}
    for case in cases:
        for name, value in case.labels.items():
            labels.setdefault(name, Counter())[value] += 1
    names = {case.key: case.name for case in cases}
    masks = Counter((one.name, one.kind) for one in cohort.segmentations())
    return {
        "cohort": cohort.path,
        "cases": len(cases),
        "patients": len({case.patient for case in cases} - {""}),
        "studies": len({case.study for case in cases} - {""}),
        "modalities": dict(Counter(case.modality or "unknown" for case in cases)),
        "states": dict(Counter(case.state for case in cases)),
        "changed": [case.name for case in cases if case.changed],
        "second_readings": [
            {
                "what": one.what,
                "case": names[one.case_key],
                "name": one.name,
                "author": one.author,
                "origin": one.origin,
            }
            for one in cohort.alternatives()
        ],
        "landmarks": [vars(count) for count in cohort.point_counts()],
        "labels": {name: dict(counts) for name, counts in labels.items()},
        "segmentations": [
            {"name": name, "kind": kind, "cases": count}
            for (name, kind), count in sorted(masks.items())
        ],
        "runs": [vars(run) for run in cohort.runs()],
    }


def _show(summary: dict[str, Any]) -> None:
    parts = [counted(summary["cases"], "case")]
    parts += [counted(summary["patients"], "patient")] if summary["patients"] else []
    parts += [f"{count} {name}" for name, count in summary["modalities"].items()]
    show(f"{summary['cohort']}: {', '.join(parts)}")
    states = [f"{count} {state}" for state, count in summary["states"].items()]
    show(", ".join(states) or "no images yet: medssl cohort add COHORT IMAGES")
    if summary["landmarks"]:
        table = Table(box=None)
        for title in ("landmark", "manual", "corrected", "predicted"):
            table.add_column(title, justify="left" if title == "landmark" else "right")
        for count in summary["landmarks"]:
            table.add_row(*(str(value) for value in count.values()))
        out.print(table)
    for name, counts in summary["labels"].items():
        show(f"{name}: " + ", ".join(f"{count} × {value}" for value, count in counts.items()))
    for mask in summary["segmentations"]:
        by = "by a person" if mask["kind"] == "human" else "predicted"
        show(f"{mask['name']}: {counted(mask['cases'], 'segmentation')} {by}")
    seconds = summary["second_readings"]
    if seconds:
        show(f"{counted(len(seconds), 'second reading')} to be decided:")
    for one in seconds[:SHOWN]:
        by = f"{one['author']}'s" if one["author"] else "somebody's"
        show(f"  {one['name']} in {one['case']}: {by}, from {one['origin']}")
    if len(seconds) > SHOWN:
        show(f"  ... and {len(seconds) - SHOWN} more (--json shows all)")
    for name in summary["changed"]:
        show(f"{name}: its file has changed; look at it, then: medssl cohort check --accept {name}")


def _show_cases(cases: list[CaseSummary]) -> None:
    table = Table(box=None)
    for title in ("case", "patient", "modality", "state", "by person", "predicted", "least sure"):
        table.add_column(title, overflow="fold", no_wrap=title == "patient")
    for case in cases:
        sure = "" if case.confidence is None else f"{case.confidence:.2f}"
        table.add_row(
            case.name, case.patient, case.modality, case.state, str(case.by_person),
            str(case.predicted), sure,
        )  # fmt: skip
    out.print(table)
