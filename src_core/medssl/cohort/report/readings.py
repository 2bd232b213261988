"""Second readings that wait, and who and what is behind the results."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from medssl.cohort.findings import Alternative, ModelRun
from medssl.cohort.records import CaseRecord
from medssl.cohort.report.markup import counted, name, paragraph, table, text
from medssl.cohort.report.provenance import (
    data_fingerprint,
    describe_card,
    period,
    plain_settings,
    read_card,
)
from medssl.cohort.report.sections import MOST_LISTED, more
from medssl.cohort.report.shown import ShownCases
from medssl.cohort.store import Cohort
from medssl.cohort.tables import TABLES

_AXES = ("world_x", "world_y", "world_z")
_WHAT = {"points": "point", "labels": "label", "segmentations": "mask"}


def second_readings(cohort: Cohort, shown: ShownCases, paths: bool) -> str:
    """List what another annotator said and nobody has decided on."""
    waiting = cohort.alternatives()
    if not waiting:
        return ""
    points = {(p.case_key, p.landmark): p for p in cohort.points(kind="human")}
    values = {(label.case_key, label.name): label for label in cohort.labels(kind="human")}
    heads = ["case", "what", "the cohort has", "the other says"] + (["from"] if paths else [])
    rows = []
    for other in waiting[:MOST_LISTED]:
        said = dict(zip(TABLES[other.what].columns, other.found, strict=True))
        place = (other.case_key, other.name)
        ours, theirs = "", name(other.author or "somebody")
        if other.what == "points" and place in points:
            held = points[place]
            there = [said[axis] or 0.0 for axis in _AXES][: len(held.point_world)]
            away = math.dist(held.point_world, there)
            ours, theirs = _by(held.author), f"{theirs}, {away:.1f} {held.unit} away"
        elif other.what == "labels" and place in values:
            label = values[place]
            ours = f"{name(label.value)}, {_by(label.author)}"
            theirs = f"{name(said['value'])}, {theirs}"
        row = [name(shown[other.case_key]), _what(other), ours or "its own", theirs]
        rows.append([*row, name(other.origin)] if paths else row)
    caption = f"{counted(len(waiting), 'second reading')} to be decided"
    return table(caption, heads, rows) + more(len(waiting))


def _by(author: str | None) -> str:
    return f"{name(author)}’s" if author else "somebody’s"


def _what(other: Alternative) -> str:
    return f"{_WHAT[other.what]} {name(other.name)}"


def model_runs(runs: Sequence[ModelRun], paths: bool) -> str:
    """List which models have worked on the cohort, with what their cards tell."""
    if not runs:
        return ""
    heads = ["day", "what", "model", "results", "how it was made"] + (["from"] if paths else [])
    rows = []
    for run in runs:
        model = name(run.model) if run.model else "not named"
        if run.fingerprint:
            model += f"<br><code>{text(run.fingerprint)}</code>"
        words = [plain_settings(run.settings, paths), *describe_card(read_card(run))]
        how = name("; ".join(word for word in words if word)) if any(words) else ""
        row = [text(run.time[:10]), text(run.verb), model, str(run.results), how]
        rows.append([*row, name(run.place)] if paths else row)
    return table("Runs of models, in their order", heads, rows, (3,))


def data_and_people(cohort: Cohort, cases: Sequence[CaseRecord]) -> str:
    """Say what the images were, and who has worked on them when."""
    points, labels = cohort.points(kind="human"), cohort.labels(kind="human")
    masks = cohort.segmentations(kind="human")
    times = [*(p.time for p in points), *(x.time for x in labels), *(m.time for m in masks)]
    by = [*(p.author for p in points), *(x.author for x in labels), *(m.author for m in masks)]
    rows = [
        ["images", f"{len(cases)}, fingerprint <code>{data_fingerprint(cases)}</code>"],
        ["worked on by people", text(period(times) or "–")],
    ]
    authors = Counter(who or "" for who in by)
    if set(authors) - {""}:
        said = [
            f"{name(who) if who else 'nobody named'}: {n}" for who, n in sorted(authors.items())
        ]
        rows.append(["points, labels and masks by person", ", ".join(said)])
    models = Counter(p.model or "not named" for p in cohort.points(kind="predicted"))
    if models:
        said = [f"{name(model)}: {n}" for model, n in models.most_common()]
        rows.append(["predicted points by model", ", ".join(said)])
    if cohort.loss:
        rows.append(["the drive", text(cohort.loss)])
    how = (
        "The fingerprint is made of the contents of all images, whatever they are called: the "
        "same images give the same fingerprint."
    )
    return table("Data", ("", "what it is"), rows) + paragraph(text(how))
