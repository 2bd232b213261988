"""Read landmarks and measurements back from DICOM structured reports (SR, TID 1500)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pydicom

from medssl.errors import FileRefusedError
from medssl.geometry import Unit
from medssl.io._checks import refusing
from medssl.io.dicom_extra import require_highdicom
from medssl.io.dicom_headers import PYDICOM_ERRORS
from medssl.io.dicom_sr import CONFIDENCE, CORNER, FOUND, UNITS, UPPER, WARNINGS
from medssl.io.landmark_csv import Source
from medssl.io.measurement import Measurement, MeasurementUnit

_SR_CLASSES = "1.2.840.10008.5.1.4.1.1.88."


@dataclass(frozen=True)
class ReportPoint:
    """A landmark of a report.

    Parameters
    ----------
    landmark
        Its name.
    place
        LPS ``(x, y, z)`` in the patient where `unit` is ``"mm"``; where it is ``"px"`` column and
        row ``(x, y)`` of a film, the centre of the first pixel at 0.
    unit
        Which of the two.
    source
        Who set it: a person (``"manual"``) or a program (``"predicted"``).
    confidence
        0 to 1 where it is given.
    """

    landmark: str
    place: tuple[float, ...]
    unit: Unit
    source: Source = "manual"
    confidence: float | None = None


@dataclass(frozen=True)
class LandmarkReport:
    """What a report holds."""

    points: tuple[ReportPoint, ...]
    measurements: tuple[Measurement, ...]


def read_dicom_sr(path: Path) -> LandmarkReport:
    """Read the points and the distances, angles and ratios of a report; other parts are left.

    Raises
    ------
    FileRefusedError
        If it is no imaging measurement report, or damaged.
    SettingsError
        If highdicom is not installed.
    """
    require_highdicom()
    with refusing(path, "it is no imaging measurement report", *PYDICOM_ERRORS):
        found = pydicom.dcmread(path, force=True)
        if not str(found.get("SOPClassUID") or "").startswith(_SR_CLASSES):
            raise FileRefusedError(
                path, "it is no DICOM structured report", "Give one that medssl or another wrote."
            )
        items = _below(found)
        groups = [item for item in items if _name(item) == "125007"]  # measurement group
        points = tuple(point for group in groups if (point := _point(group)) is not None)
        known = {point.place: point.landmark for point in points}
        measured = tuple(one for group in groups for one in _measurements(group, known))
    return LandmarkReport(points, measured)


def _below(item: Any) -> list[Any]:
    """All content items under one, in the order of the document."""
    found = []
    for child in item.get("ContentSequence") or ():
        found += [child, *_below(child)]
    return found


def _name(item: Any) -> str:
    names = item.get("ConceptNameCodeSequence")
    return str(names[0].get("CodeValue", "")) if names else ""


def _text(group: Any) -> str:
    for item in group.ContentSequence:
        if _name(item) == "112039":  # tracking identifier
            return str(item.TextValue)
    return ""


def _places(item: Any) -> list[tuple[float, ...]]:
    width = 3 if item.ValueType == "SCOORD3D" else 2
    values = np.asarray(item.GraphicData, float).reshape(-1, width)
    return [tuple(v) for v in (values - (CORNER if width == 2 else 0.0)).tolist()]


def _point(group: Any) -> ReportPoint | None:
    regions = [i for i in group.ContentSequence if i.get("GraphicType") == "POINT"]
    name = _text(group)
    if len(regions) != 1 or not name:
        return None
    (place,) = _places(regions[0])
    codes = [i.ConceptCodeSequence[0] for i in group.ContentSequence if i.ValueType == "CODE"]
    found = FOUND.value in [str(code.get("CodeValue")) for code in codes]
    numbers = [i for i in group.ContentSequence if _name(i) == CONFIDENCE.value]
    return ReportPoint(
        name,
        place,
        "mm" if len(place) == 3 else "px",
        "predicted" if found else "manual",
        _value(numbers[0]) if numbers else None,
    )


def _measurements(group: Any, known: dict[tuple[float, ...], str]) -> list[Measurement]:
    units = {code.value: unit for unit, code in UNITS.items()}
    result = []
    for item in group.ContentSequence:
        if item.ValueType != "NUM" or _name(item) == CONFIDENCE.value:
            continue
        code = str(item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue)
        if code not in units:
            continue
        below = _below(item)
        spread = [_value(child) for child in below if _name(child) == UPPER.value]
        lines = [child for child in below if child.get("GraphicType") in ("POLYLINE", "MULTIPOINT")]
        corners = _places(lines[0]) if len(lines) == 1 else []
        names = tuple(known[corner] for corner in corners if corner in known)
        said = {code.value: warning for warning, code in WARNINGS.items()}
        methods = [c.ConceptCodeSequence[0] for c in below if c.ValueType == "CODE"]
        warning = [said[m.CodeValue] for m in methods if m.get("CodeValue") in said]
        result.append(
            Measurement(
                _text(group) or str(item.ConceptNameCodeSequence[0].CodeMeaning),
                _value(item),
                cast("MeasurementUnit", units[code]),
                spread[0] if spread else None,
                names if len(names) == len(corners) else (),
                warning[0] if warning else "",
            )
        )
    return result


def _value(item: Any) -> float:
    return float(item.MeasuredValueSequence[0].NumericValue)
