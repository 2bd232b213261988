"""What all DICOM objects that medssl writes have in common; highdicom comes with an extra."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from medssl import __version__
from medssl.errors import FileRefusedError, MedsslError, SettingsError
from medssl.io._atomic import refuse_existing, write_binary

_MAKER = "napari-medssl"
_SERIES_AFTER = 9000
_LONGEST = 64
_LONGEST_KIND = 48  # with the maker's name the longest


def require_highdicom() -> None:
    """Say what to install where highdicom is absent.

    Raises
    ------
    SettingsError
        If it is.
    """
    try:
        import highdicom  # noqa: F401
    except ImportError as error:
        raise SettingsError(
            "DICOM objects are written and read with highdicom, which is not installed. "
            "Install the extra: pip install 'napari-medssl[dicom]'"
        ) from error


def require_text(text: str, what: str) -> None:
    """Refuse a name that DICOM cannot keep: it allows 64 characters and no backslash.

    Raises
    ------
    SettingsError
        Naming it as `what`.
    """
    if not text.strip() or len(text) > _LONGEST or "\\" in text or not text.isprintable():
        raise SettingsError(
            f"the name {text!r} of {what} cannot be kept in DICOM, which allows 1 to {_LONGEST} "
            "characters without backslash. Choose another"
        )


def own_tags(source: Dataset, kind: str) -> dict[str, Any]:
    """Give the arguments by which a new object of the series after `source` names its maker."""
    from highdicom import UID

    return {
        "series_instance_uid": UID(),
        "sop_instance_uid": UID(),
        "series_number": _SERIES_AFTER + int(source.get("SeriesNumber") or 0) % 1000,
        "series_description": f"{kind[:_LONGEST_KIND]} ({_MAKER})",
        "specific_character_set": "ISO_IR 192",  # UTF-8: names are in any alphabet
        "instance_number": 1,
        "manufacturer": _MAKER,
        "manufacturer_model_name": "medssl",
        "software_versions": __version__,
        "device_serial_number": "none",
    }


@contextmanager
def deriving(path: Path) -> Iterator[None]:
    """Turn highdicom's refusal of a source into ours; what it only warns of is not ours to say.

    Raises
    ------
    FileRefusedError
        Naming the source.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except MedsslError:
        raise
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, RuntimeError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise FileRefusedError(
            path,
            f"no DICOM object can be made from it ({lines[0][:200]})",
            "Export to NIfTI, .seg.nrrd or .mrk.json instead.",
        ) from error


def store(path: Path, dataset: Dataset, overwrite: bool) -> Path:
    """Write a DICOM object whole or not at all.

    Raises
    ------
    FileRefusedError
        If there is such a file already and `overwrite` is False.
    StorageError
        If it cannot be written.
    """
    refuse_existing(path, overwrite)
    with write_binary(path) as file:
        dataset.save_as(file, enforce_file_format=True)
    return path
