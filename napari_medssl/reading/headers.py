"""The header of the file that a layer came from, as rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from medssl.io.header_rows import HeaderRow

_OF_OURS = ("windows", "frames", "orientation_assumed", "landmarks")


def file_of(known: dict[str, Any], slice_index: int = 0) -> Path | None:
    """Which file holds the header of a slice: one of the series, or the image's only file.

    Parameters
    ----------
    known
        What is kept in one of our layers.
    slice_index
        Number of the slice among the series' files, in the order of its times and slices.
    """
    files = known.get("files") or []
    name = files[min(max(slice_index, 0), len(files) - 1)] if files else known.get("path")
    path = None if name is None else Path(name)
    return path if path is not None and path.is_file() else None


def header_rows(known: dict[str, Any], file: Path | None) -> list[HeaderRow]:
    """Read the rows of a header: DICOM's tags, NIfTI's fields, else what our reader kept.

    Raises
    ------
    medssl.errors.FileRefusedError
        If the file was there and cannot be read any more.
    """
    from medssl.io.formats import format_from_content
    from medssl.io.header_rows import dicom_rows, field_rows, nifti_rows

    kind = None if file is None else format_from_content(file)
    if (file is not None and kind == "dicom") or (file is not None and _is_bare_dicom(known)):
        return dicom_rows(file)
    if file is not None and kind == "nifti":
        return nifti_rows(file)
    kept = {key: value for key, value in known["header"].items() if key not in _OF_OURS}
    return field_rows(kept)


def _is_bare_dicom(known: dict[str, Any]) -> bool:
    """Whether it was read as DICOM, though its file does not begin as one does."""
    return "SOPClassUID" in known["header"]
