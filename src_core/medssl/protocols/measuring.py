"""What a protocol measures, in the cases of a cohort."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from medssl.cohort import CaseRecord, Cohort, Point
from medssl.errors import SettingsError
from medssl.geometry import Grid
from medssl.io.landmark_csv import ExportPoint
from medssl.io.measurement import AT_DETECTOR, ON_FILM, Measurement, measure
from medssl.protocols.definition import MeasurementDefinition
from medssl.protocols.errors_seen import PointErrors, look_at_errors
from medssl.protocols.folder import Protocol

WARNINGS = {"at detector": AT_DETECTOR, "on film": ON_FILM}


@dataclass(frozen=True)
class Measured:
    """One measurement in one case.

    Parameters
    ----------
    definition
        What is measured.
    found
        The number with its unit, uncertainty and warning; None where it could not be measured.
    problem
        Why it could not.
    confidence
        The lowest one of the predicted points that it rests on; None where a person placed all.
    by_person
        Whether a person placed, corrected or accepted all of its points.
    """

    definition: MeasurementDefinition
    found: Measurement | None
    problem: str = ""
    confidence: float | None = None
    by_person: bool = False


def warning_of(flags: Iterable[str]) -> str:
    """Give what to know of lengths in an image with these flags."""
    return next((WARNINGS[flag] for flag in flags if flag in WARNINGS), "")


def measure_case(
    definitions: Sequence[MeasurementDefinition],
    points: Mapping[str, ExportPoint],
    grid: Grid,
    errors: PointErrors,
    warning: str = "",
) -> list[Measured]:
    """Measure in one case.

    Parameters
    ----------
    definitions
        What is measured.
    points
        Landmark to its point in the case.
    grid
        The case's grid.
    errors
        What is known of the points' errors.
    warning
        What to know of lengths in this case.
    """
    result = []
    for one in definitions:
        absent = [name for name in one.landmarks if name not in points]
        if absent:
            text = f"{', '.join(dict.fromkeys(absent))} not found"
            result.append(Measured(one, None, text))
            continue
        used = [points[name] for name in one.landmarks]
        spreads = [errors.spread(point, grid) for point in used]
        try:
            found = measure(one.name, one.shape, used, spreads, warning)
        except SettingsError as error:
            result.append(Measured(one, None, str(error).partition(". ")[0]))
            continue
        guessed = [p.confidence or 0.0 for p in used if p.source == "predicted"]
        least = min(guessed) if guessed else None
        result.append(Measured(one, found, "", least, not guessed))
    return result


def measure_cohort(
    cohort: Cohort, protocol: Protocol, by_person: bool = False
) -> list[tuple[CaseRecord, list[Measured]]]:
    """Measure in every case that has a point of the protocol, in the order of the cases.

    A person's point counts where there is one, else the prediction; with `by_person` no
    predictions.
    """
    errors = look_at_errors(cohort, protocol.definition.errors)
    names = {landmark.name for landmark in protocol.landmarks}
    points: dict[str, dict[str, ExportPoint]] = {}
    for point in cohort.points(kind="human" if by_person else "effective"):
        if point.landmark in names:
            points.setdefault(point.case_key, {})[point.landmark] = _exported(point)
    return [
        (
            case,
            measure_case(
                protocol.measurements, points[case.key], case.grid, errors,
                warning_of(case.known_flags()),
            ),
        )
        for case in cohort.cases()
        if case.key in points
    ]  # fmt: skip


def measurements_by_case(
    cohort: Cohort, protocol: Protocol, by_person: bool = False
) -> dict[str, list[Measurement]]:
    """Give by key of the case what could be measured, for a report."""
    return {
        case.key: [one.found for one in measured if one.found is not None]
        for case, measured in measure_cohort(cohort, protocol, by_person)
    }


def _exported(point: Point) -> ExportPoint:
    return ExportPoint(
        point.case_key, point.landmark, point.point_vox, point.point_world, point.unit,
        point.confidence, point.source,
    )  # fmt: skip
