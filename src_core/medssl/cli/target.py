"""The option ``--image`` of `medssl convert`: the one image that a result belongs to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from medssl.cli.output import say
from medssl.errors import FileRefusedError, SettingsError

if TYPE_CHECKING:
    from medssl.io import ImageSource
    from medssl.io.dicom_source import DicomSource
    from medssl.io.exchange_points import Target


def open_target(given: str) -> Target:
    """Find and read the image; its warnings are told.

    Raises
    ------
    SettingsError
        If it is not exactly one image.
    FileRefusedError
        If it cannot be read.
    """
    from medssl.io.exchange_points import Target

    source = _source(given)
    image = source.read()
    for warning in image.warnings:
        say(f"{source.path.name}: {warning}")
    names = (source.path.name, source.key, source.name, source.path.stem, str(source.path))
    return Target(source.path, names, image.grid, lambda: _dicom(source))


def _source(given: str) -> ImageSource:
    from medssl.io import list_images

    path, number = Path(given), None
    if not path.exists() and "#" in given:
        place, _, digits = given.rpartition("#")
        path, number = Path(place), int(digits) if digits.isdigit() else None
    listing = list_images(path)
    found = listing.sources
    if not found:
        raise SettingsError(f"the image cannot be used: {listing.problems[0].message}")
    if number is not None and number < len(found):
        return found[number]
    if len(found) > 1 or number is not None:
        keys = ", ".join(f"#{i} {source.key}" for i, source in enumerate(found[:8]))
        raise SettingsError(
            f"{path}: a result belongs to one image, and here are {len(found)} ({keys}). "
            f"Write {path}#0 for the first, or name a folder or file of its own"
        )
    return found[0]


def _dicom(source: ImageSource) -> DicomSource:
    from medssl.io.dicom_source import read_dicom_source
    from medssl.io.formats import format_from_content

    if format_from_content(source.files[0]) not in ("dicom", None):
        raise FileRefusedError(
            source.path,
            "it is no DICOM image, and DICOM objects refer to one",
            "Give the DICOM series, or convert to a format that stands alone.",
        )
    return read_dicom_source(source.files, source.path)
