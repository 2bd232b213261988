"""3D Slicer's point lists, ``.mrk.json``, schema 1.0.3.

A point's definition, its source and its confidence stand in its description, which Slicer shows
and keeps; `MarkupPoint` takes them apart again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

from medssl.errors import FileRefusedError, SettingsError
from medssl.io._atomic import write_text
from medssl.io.formats import unreadable
from medssl.io.landmark_csv import ExportPoint, Source
from medssl.io.slicer_world import finite_point, signs_to_lps

SCHEMA = (
    "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/"
    "Resources/Schema/markups-schema-v1.0.3.json#"
)
_NOTES = ("image", "source", "confidence", "unit")
_MILLIMETRES = {"mm": 1.0, "um": 1e-3}
_LPS_AXES = [-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0]


@dataclass(frozen=True)
class MarkupPoint:
    """One control point of a point list; `point_mm` is LPS ``(x, y, z)``."""

    label: str
    point_mm: tuple[float, float, float]
    description: str = ""
    visible: bool = True

    @property
    def definition(self) -> str:
        """The description without the notes that `write_markups_json` adds."""
        parts = [part for part in self.description.split("; ") if not _is_note(part)]
        return "; ".join(parts)

    @property
    def source(self) -> Source:
        """Who set the point; a person, unless a note says otherwise."""
        found = self._note("source")
        return cast("Source", found) if found in get_args(Source) else "manual"

    @property
    def confidence(self) -> float | None:
        """0 to 1 where a note gives it."""
        try:
            value = float(self._note("confidence"))
        except ValueError:
            return None
        return value if 0 <= value <= 1 else None

    def _note(self, name: str) -> str:
        parts = (part.partition("=") for part in self.description.split("; "))
        return next((value for key, _, value in parts if key == name), "")


def _is_note(part: str) -> bool:
    return part.partition("=")[0] in _NOTES and "=" in part


def write_markups_json(path: str | Path, points: Sequence[ExportPoint]) -> Path:
    """Write the points of one image as a Slicer point list in LPS.

    A picture's points get z = 0. Where the pixel size is unknown the coordinates are pixels,
    which is where Slicer shows such a picture, and each point's description says so.

    Raises
    ------
    SettingsError
        If the points belong to several images: their worlds are not one.
    StorageError
        If the file cannot be written.
    """
    images = sorted({point.image for point in points})
    if len(images) > 1:
        raise SettingsError(
            f"{path}: a Slicer point list holds the points of one image, not of {len(images)}. "
            "Write one file an image."
        )
    markup = {
        "type": "Fiducial",
        "coordinateSystem": "LPS",
        "coordinateUnits": "mm",
        "locked": False,
        "fixedNumberOfControlPoints": False,
        "labelFormat": "%N-%d",
        "lastUsedControlPointNumber": len(points),
        "controlPoints": [_control_point(i, point) for i, point in enumerate(points, 1)],
    }
    with write_text(Path(path)) as file:
        json.dump({"@schema": SCHEMA, "markups": [markup]}, file, indent=2, allow_nan=False)
    return Path(path)


def _control_point(number: int, point: ExportPoint) -> dict[str, Any]:
    position = [*map(float, point.point_world), 0.0][:3]
    notes = [point.description, f"image={point.image}", f"source={point.source}"]
    if point.confidence is not None:
        notes.append(f"confidence={point.confidence:.3f}")
    if point.unit == "px":
        notes.append("unit=pixel (the pixel size is not known)")
    return {
        "id": str(number),
        "label": point.landmark,
        "description": "; ".join(note for note in notes if note),
        "associatedNodeID": "",
        "position": position,
        "orientation": _LPS_AXES,
        "selected": True,
        "locked": False,
        "visibility": True,
        "positionStatus": "defined",
    }


def read_markups_json(path: str | Path) -> list[MarkupPoint]:
    """Read the defined points of a Slicer ``.mrk.json``, turned to LPS in mm.

    Raises
    ------
    FileRefusedError
        If the file is not such a list, or its points are in another world than LPS or RAS.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return [point for markup in content["markups"] for point in _read_markup(path, markup)]
    except OSError as error:
        raise unreadable(path, error) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FileRefusedError(
            path, f"it is not a Slicer point list ({error})", "Save it from Slicer as .mrk.json."
        ) from error


def _read_markup(path: Path, markup: dict[str, Any]) -> list[MarkupPoint]:
    signs = signs_to_lps(path, str(markup.get("coordinateSystem", "LPS")))
    unit = markup.get("coordinateUnits", "mm")
    unit = str(unit[0] if isinstance(unit, list) else unit)
    if unit not in _MILLIMETRES:
        raise FileRefusedError(
            path, f"its coordinates are in {unit!r}", "Save it from Slicer in mm."
        )
    scale = _MILLIMETRES[unit]
    points = []
    for number, point in enumerate(markup["controlPoints"], 1):
        if point.get("positionStatus", "defined") != "defined":
            continue
        x, y, z = finite_point(point["position"])
        label = str(point.get("label") or point.get("id") or number)
        place = (scale * signs[0] * x, scale * signs[1] * y, scale * z)
        text = str(point.get("description", ""))
        points.append(MarkupPoint(label, place, text, bool(point.get("visibility", True))))
    return points
