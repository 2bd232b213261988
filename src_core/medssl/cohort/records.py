"""Rows of a cohort as they are handed out and taken in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from medssl.errors import FileRefusedError
from medssl.geometry import Grid, Unit

if TYPE_CHECKING:
    from medssl.io import ImageSource

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
    name
        What is shown in place of the key where that would name the patient.
    files
        The files that it is read from, where they are not `path` alone.
    number
        Which picture of a file that holds several.
    patient_id, study_id
        As the source has them. Only codes made of them are stored (`medssl.cohort.identity`).
    flags
        What `medssl.io.dicom_flags` says of it; None where nobody has looked.
    """

    key: str
    path: Path
    fingerprint: str
    grid: Grid
    modality: str = ""
    name: str = ""
    files: tuple[Path, ...] = ()
    number: int | None = None
    patient_id: str = ""
    study_id: str = ""
    flags: tuple[str, ...] | None = None


@dataclass(frozen=True)
class CaseRecord:
    """A case of the cohort.

    Parameters
    ----------
    key, path, fingerprint, grid, modality, files, number
        As of `NewCase`.
    changed
        The file is another than what a person worked on.
    name
        What to show; the key, unless that would name the patient.
    patient, study
        Codes that stand for the patient and the study, or empty texts.
    copied
        The image was copied into the cohort's folder.
    flags
        As of `NewCase`; see `known_flags`.
    """

    key: str
    path: Path
    fingerprint: str
    grid: Grid
    modality: str
    changed: bool
    name: str
    files: tuple[Path, ...]
    number: int | None
    patient: str
    study: str
    copied: bool
    flags: tuple[str, ...] | None = None

    def source(self) -> ImageSource:
        """Give the image as `medssl.io.list_images` lists it, to be read."""
        from medssl.io.sources import ImageSource

        return ImageSource(self.path, self.key, self.name, self.files or (self.path,), self.number)

    def known_flags(self) -> tuple[str, ...]:
        """Give the flags; where nobody has looked, the header is read if it is there."""
        if self.flags is not None:
            return self.flags
        from medssl.io.dicom_flags import read_flags

        try:
            return read_flags(self.source().files)
        except (FileRefusedError, OSError):
            return ()


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


class Correction(NamedTuple):
    """A person's point, and what had been found in its place.

    Parameters
    ----------
    case_key, landmark
        Which point.
    found_vox
        Where it had been found, ``(z, y, x)`` or ``(y, x)``, in the source image's voxels.
    found_world
        The same as ``(x, y, z)`` or ``(x, y)``, in `unit`.
    point_vox, point_world
        Where the person has put it, or left it.
    confidence
        Of what was found, 0 to 1; None where the model gave none.
    model
        What had found it.
    distance
        From what was found to the person's point, in `unit`: the error of the prediction.
    unit
        Of the case's grid, ``"mm"`` or ``"px"``.
    source
        ``"corrected"`` where the person moved it, ``"manual"`` where the person accepted it.
    author
        Initials of the person, if known.
    time
        When the person's point was stored.
    """

    case_key: str
    landmark: str
    found_vox: tuple[float, ...]
    found_world: tuple[float, ...]
    point_vox: tuple[float, ...]
    point_world: tuple[float, ...]
    confidence: float | None
    model: str | None
    distance: float
    unit: Unit
    source: Source
    author: str | None
    time: str
