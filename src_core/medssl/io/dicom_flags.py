"""What a person must know of a DICOM image before measuring in it or sending it on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydicom.dataset import Dataset

from medssl.io.dicom_headers import read_header
from medssl.io.dicom_spacing import AT_DETECTOR, ON_FILM, pixel_spacing
from medssl.io.formats import format_from_content

Flag = Literal["at detector", "on film", "burnt-in text", "text in picture"]

TEXT_SAID: Flag = "burnt-in text"
"""The header says that text is burnt into the pixels."""

TEXT_SEEN: Flag = "text in picture"
"""`medssl.io.burnt_text` has seen some; it is no matter of the header."""

BURNT_IN = (
    "Its header says that text is burnt into the pixels: it may name the patient in every copy."
)
_TAGS = (
    "BurnedInAnnotation",
    "Modality",
    "PixelSpacing",
    "PixelSpacingCalibrationType",
    "ImagerPixelSpacing",
    "NominalScannedPixelSpacing",
    "SequenceOfUltrasoundRegions",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
)


def has_burnt_in_text(dataset: Dataset) -> bool:
    """Whether the header says that text is burnt into the pixels."""
    return str(dataset.get("BurnedInAnnotation") or "").strip().upper() == "YES"


def flags_of(dataset: Dataset) -> tuple[Flag, ...]:
    """Give the flags of a header."""
    _, notes = pixel_spacing(dataset)
    found: list[Flag] = []
    found += ["at detector"] if AT_DETECTOR in notes else []
    found += ["on film"] if ON_FILM in notes else []
    found += [TEXT_SAID] if has_burnt_in_text(dataset) else []
    return tuple(found)


def read_flags(files: Sequence[Path]) -> tuple[Flag, ...]:
    """Read the flags from the header of an image's first file; none where it is no DICOM.

    Raises
    ------
    FileRefusedError
        If the file cannot be read.
    """
    if format_from_content(files[0]) != "dicom":
        return ()
    return flags_of(read_header(files[0], _TAGS))
