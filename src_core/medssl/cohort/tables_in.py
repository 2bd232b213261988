"""Points and labels from tables: wrong lines are told one by one, the good ones are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast, get_args

from medssl.cohort.findings import ModelRun, NewLabel
from medssl.cohort.lookup import clean_name
from medssl.cohort.naming import CaseNames
from medssl.cohort.readings import Conflict
from medssl.cohort.records import CaseRecord, NewPoint, Source
from medssl.cohort.store import Cohort
from medssl.errors import FileRefusedError, SettingsError
from medssl.io.landmark_csv import LandmarkRow, read_landmarks_csv
from medssl.io.tables import table_rows

_ABOUT = ("image", "group", "patient", "study", "author")


@dataclass(frozen=True)
class TableRead:
    """What became of a table.

    Parameters
    ----------
    taken
        Number of lines that are now in the cohort.
    same
        Number of lines that were in it already.
    predicted
        Number of predictions among those taken.
    conflicts
        Where a person said something else before; both are kept.
    problems
        A text for each wrong line.
    """

    taken: int
    same: int
    predicted: int
    conflicts: tuple[Conflict, ...]
    problems: tuple[str, ...]


def add_points_table(cohort: Cohort, path: Path, author: str | None = None) -> TableRead:
    """Take the points of a landmark CSV (`medssl.io.read_landmarks_csv`).

    The columns ``source``, ``confidence``, ``author`` and ``model`` are used where they are
    there. Landmarks that the cohort does not have are defined. A person's points follow the rule
    of `medssl.cohort.readings`; predictions replace predictions. All of it is stored, or nothing.

    Parameters
    ----------
    cohort
        The cohort.
    path
        The table.
    author
        Initials of who set the points whose line does not say it.

    Raises
    ------
    FileRefusedError
        If it cannot be read, lacks a column, or not one line of it is right.
    """
    refused: list[FileRefusedError] = []
    rows = read_landmarks_csv(path, refused)
    problems = [error.problem for error in refused]
    names = CaseNames(cohort.cases())
    points: list[NewPoint] = []
    seen: dict[tuple[str, str, bool], int] = {}
    for row in rows:
        found = _point(row, names, author, cohort.path)
        if isinstance(found, NewPoint):
            place = (found.case_key, found.landmark, found.source == "predicted")
            if place not in seen:
                seen[place] = row.line
                points.append(found)
                continue
            found = f"{row.landmark} in {row.image} stands in line {seen[place]} already"
        problems.append(f"line {row.line}: {found}")
    _require_some(path, len(points), problems)
    predicted = [point for point in points if point.source == "predicted"]
    with cohort.together():
        _define(cohort, points)
        cohort.set_points(predicted)
        _note_runs(cohort, path, [point.model or "" for point in predicted])
        met = cohort.meet_points([p for p in points if p.source != "predicted"], path.name)
    return TableRead(
        met.taken + len(predicted), met.same, len(predicted), met.conflicts, _in_order(problems)
    )


def add_labels_table(cohort: Cohort, path: Path, author: str | None = None) -> TableRead:
    """Take labels from a CSV with a column ``image``; each other column is a label.

    Empty fields say nothing. ``author`` holds initials; ``group``, ``patient`` and ``study`` are
    left out.

    Raises
    ------
    FileRefusedError
        If it cannot be read, has no column of labels, or not one line of it is right.
    """
    names = CaseNames(cohort.cases())
    labels: list[NewLabel] = []
    problems: list[str] = []
    seen: dict[str, int] = {}
    columns: set[str] = set()
    for line, values in table_rows(path, ("image",)):
        columns |= set(values) - set(_ABOUT)
        said = {name: text for name, text in values.items() if name not in _ABOUT and text}
        found = names.find(values["image"]) if values["image"] else "names no image"
        if isinstance(found, CaseRecord) and found.key in seen:
            found = f"{values['image']} stands in line {seen[found.key]} already"
        if isinstance(found, CaseRecord) and not said:
            found = f"{values['image']} has no label"
        if isinstance(found, str):
            problems.append(f"line {line}: {found}")
            continue
        seen[found.key] = line
        by = values.get("author") or author
        labels += [NewLabel(found.key, name, text, author=by) for name, text in said.items()]
    if not columns:
        raise FileRefusedError(
            path, "it has no column of labels", "Add a column whose title is the label's name."
        )
    _require_some(path, len(labels), problems)
    met = cohort.meet_labels(labels, path.name)
    return TableRead(met.taken, met.same, 0, met.conflicts, tuple(problems))


def _point(row: LandmarkRow, names: CaseNames, author: str | None, folder: Path) -> NewPoint | str:
    try:
        landmark = clean_name(row.landmark, folder)
    except SettingsError:
        return "the landmark has no name"
    case = names.find(row.image)
    if isinstance(case, str):
        return case
    vox = row.point_vox
    if len(vox) == 3 and case.grid.ndim == 2 and abs(vox[0]) < 0.5:
        vox = vox[1:]  # a volume of a single slice
    if len(vox) != case.grid.ndim:
        return f"{row.image} has {case.grid.ndim} axes, the point {len(vox)} coordinates"
    if not case.grid.contains_voxel(vox):
        return f"{row.landmark} lies outside of {row.image}"
    source = row.extra.get("source") or "manual"
    if source not in get_args(Source):
        return f"source is {source!r}, not one of {', '.join(get_args(Source))}"
    confidence = _confidence(row.extra.get("confidence", ""))
    if isinstance(confidence, str):
        return confidence
    point = NewPoint(
        case.key, landmark, vox, None, cast("Source", source), confidence,
        row.extra.get("model") or None,
    )  # fmt: skip
    if source == "predicted":
        return point
    return replace(point, author=row.extra.get("author") or author)


def _confidence(text: str) -> float | str | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        return f"confidence is {text!r}, not a number"
    return value if 0 <= value <= 1 else f"confidence is {text}, not from 0 to 1"


def _define(cohort: Cohort, points: Sequence[NewPoint]) -> None:
    """Define the landmarks that the cohort does not have."""
    known = {landmark.name for landmark in cohort.landmarks()}
    for name in dict.fromkeys(point.landmark for point in points):
        if name not in known:
            cohort.add_landmark(name)


def _note_runs(cohort: Cohort, path: Path, models: Sequence[str]) -> None:
    for model in dict.fromkeys(models):
        count = models.count(model)
        cohort.add_run(ModelRun("import", model, place=str(path.absolute()), results=count))


def _require_some(path: Path, good: int, problems: Sequence[str]) -> None:
    if good:
        return
    first = f": {'; '.join(problems[:3])}" if problems else ""
    raise FileRefusedError(
        path,
        f"not one of its {len(problems)} lines can be used{first}",
        "Its column `image` must hold the names of the cohort's images (medssl cohort status).",
    )


def _in_order(problems: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(problems, key=lambda text: int(text.split()[1].rstrip(":"))))
