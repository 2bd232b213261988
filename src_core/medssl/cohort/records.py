"""Rows of a cohort as they are handed out and taken in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from medssl.geometry import Grid, Unit

Source = Literal["manual", "predicted", "corrected"]
Kind = Literal["human", "predicted"]
Side = Literal["left", "right"]


@dataclass(frozen=True)
class NewCase:
    """An image to be added to a cohort.

    Parameters
    ----------
    key
        Unique name within the cohort.
    path
        File or folder of the image; it is referred to where it lies.
    fingerprint
        Fingerprint of its content.
    grid
        The image's own geometry.
    modality
        DICOM's modality code, or an empty text.
    """

    key: str
    path: Path
    fingerprint: str
    grid: Grid
    modality: str = ""


@dataclass(frozen=True)
class CaseRecord:
    """A case of the cohort; `changed` says that the file is another than the points were set on."""

    key: str
    path: Path
    fingerprint: str
    grid: Grid
    modality: str
    changed: bool


@dataclass(frozen=True)
class LandmarkRecord:
    """A landmark's definition: name, explanation, colour (``"#rrggbb"``) and side of the body."""

    name: str
    text: str
    colour: str | None
    side: Side | None


@dataclass(frozen=True)
class NewPoint:
    """A point to be stored.

    Parameters
    ----------
    case_key, landmark
        Which case and which landmark.
    point_vox
        ``(z, y, x)`` or ``(y, x)`` in the source image's voxels.
    point_world
        ``(x, y, z)`` or ``(x, y)`` in the unit of the case's grid; worked out from
        `point_vox` where it is None.
    source
        ``"manual"`` and ``"corrected"`` are a person's, ``"predicted"`` a model's.
    confidence
        0 to 1, for predictions.
    model
        Name of the model that predicted.
    author
        Initials of the person who placed it.
    """

    case_key: str
    landmark: str
    point_vox: Sequence[float]
    point_world: Sequence[float] | None
    source: Source
    confidence: float | None = None
    model: str | None = None
    author: str | None = None


class Point(NamedTuple):
    """A stored point: `point_vox` ``(z, y, x)``, `point_world` ``(x, y, z)`` in `unit`.

    `time` is when it was stored, UTC, ISO 8601.
    """

    case_key: str
    landmark: str
    kind: Kind
    point_vox: tuple[float, ...]
    point_world: tuple[float, ...]
    unit: Unit
    source: Source
    confidence: float | None
    model: str | None
    author: str | None
    time: str
