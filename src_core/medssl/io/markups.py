"""3D Slicer's point lists, ``.mrk.json``, schema 1.0.3."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medssl.errors import FileRefusedError, SettingsError
from medssl.io._atomic import write_text
from medssl.io.formats import unreadable
from medssl.io.landmark_csv import ExportPoint

SCHEMA = (
    "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/"
    "Resources/Schema/markups-schema-v1.0.3.json#"
)
_LPS_AXES = [-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0]


@dataclass(frozen=True)
class MarkupPoint:
    """One control point of a point list; `point_mm` is LPS ``(x, y, z)``."""

    label: str
    point_mm: tuple[float, float, float]
    description: str = ""


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
    """Read the defined points of a Slicer ``.mrk.json``, turned to LPS.

    Raises
    ------
    FileRefusedError
        If the file is not such a list.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return [
            _read_point(point, str(markup.get("coordinateSystem", "LPS")))
            for markup in content["markups"]
            for point in markup["controlPoints"]
            if point.get("positionStatus", "defined") == "defined"
        ]
    except OSError as error:
        raise unreadable(path, error) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FileRefusedError(
            path, f"it is not a Slicer point list ({error})", "Save it from Slicer as .mrk.json."
        ) from error


def _read_point(point: dict[str, Any], system: str) -> MarkupPoint:
    x, y, z = (float(v) for v in point["position"])
    if system in ("RAS", "0"):
        x, y = -x, -y
    return MarkupPoint(str(point["label"]), (x, y, z), str(point.get("description", "")))
