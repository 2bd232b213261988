"""The header of a file as rows to read: tag, name, value, and what can tell whose image it is."""

from __future__ import annotations

import re
from collections.abc import MutableSequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from medssl.io._checks import refusing
from medssl.io.dicom_headers import PYDICOM_ERRORS, read_header
from medssl.io.identifying import is_identifying, is_identifying_field, speaks_of

_LONGEST_VALUE = 400  # characters
_LONGEST_SEQUENCE = 60  # items
_DEEPEST = 8
_SECRET_KEYWORDS = ("PatientName", "PatientID", "AccessionNumber", "OtherPatientIDs")
_SHORTEST_SECRET = 3


@dataclass(frozen=True)
class HeaderRow:
    """One line of a header.

    Parameters
    ----------
    tag
        ``(0028,0030)`` in DICOM, empty in formats without tags.
    name
        What it is called.
    value
        Its value in words; the number of items for a sequence.
    identifying
        Whether it can tell whose image it is.
    rows
        What stands inside of it.
    """

    tag: str
    name: str
    value: str
    identifying: bool = False
    rows: tuple[HeaderRow, ...] = ()


def dicom_rows(path: Path) -> list[HeaderRow]:
    """Read the header of a DICOM file, its file meta information first.

    Beside the elements of `medssl.io.identifying`, each text that repeats a part of the patient's
    name or a number is identifying too.

    Raises
    ------
    FileRefusedError
        If it is not DICOM or damaged.
    """
    header = read_header(path)
    with refusing(path, "its DICOM header is damaged", *PYDICOM_ERRORS):
        secrets = _secrets(header)
        return [
            _row(element, secrets, False, 0)
            for dataset in (header.file_meta, header)
            for element in dataset
        ]


def nifti_rows(path: Path) -> list[HeaderRow]:
    """Read the fields of a NIfTI header.

    Raises
    ------
    FileRefusedError
        If it is not NIfTI.
    """
    from medssl.io.nifti import read_nifti_header

    header = read_nifti_header(path)
    names = [name for name in header.dtype.names or () if name != "unused"]
    return field_rows({name: header[name] for name in names})


def field_rows(fields: dict[str, Any]) -> list[HeaderRow]:
    """Turn named fields into rows (NRRD, MetaImage, what our reader kept)."""
    return [
        HeaderRow("", name, _words(value), is_identifying_field(name))
        for name, value in fields.items()
    ]


def _secrets(header: Dataset) -> frozenset[str]:
    """Words of the patient's name and numbers, in lower case."""
    found: set[str] = set()
    for keyword in _SECRET_KEYWORDS:
        words = re.split(r"[\W_]+", str(header.get(keyword) or "").lower())
        found |= {word for word in words if len(word) >= _SHORTEST_SECRET}
    return frozenset(found)


def _row(element: DataElement, secrets: frozenset[str], hidden: bool, depth: int) -> HeaderRow:
    tag = f"({element.tag.group:04X},{element.tag.element:04X})"
    keyword = keyword_for_tag(element.tag)
    hidden = hidden or is_identifying(keyword, element.VR, element.tag.group)
    if element.VR == "SQ":
        return HeaderRow(
            tag, element.name, _count(element), hidden, _items(element, secrets, hidden, depth)
        )
    value = _value(element)
    return HeaderRow(tag, element.name, value, hidden or speaks_of(value, secrets))


def _items(
    element: DataElement, secrets: frozenset[str], hidden: bool, depth: int
) -> tuple[HeaderRow, ...]:
    items = list(element.value or ())
    if depth >= _DEEPEST:
        return ()
    rows = [
        HeaderRow(
            "",
            f"Item {number}",
            "",
            rows=tuple(_row(inner, secrets, hidden, depth + 1) for inner in item),
        )
        for number, item in enumerate(items[:_LONGEST_SEQUENCE], start=1)
    ]
    if len(items) > len(rows):
        rows.append(HeaderRow("", f"{len(items) - len(rows)} more items", "not listed"))
    return tuple(rows)


def _count(element: DataElement) -> str:
    number = len(element.value or ())
    return f"{number} item{'' if number == 1 else 's'}"


def _value(element: DataElement) -> str:
    value = element.value
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if element.VR == "UI" and value and getattr(value, "name", value) != value:
        return f"{value.name} ({value})"
    return _words(value)


def _words(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (bytes, np.bytes_)):
        text = bytes(value).split(b"\0")[0].decode("utf-8", "replace")
    elif isinstance(value, np.floating):
        text = f"{float(value):.7g}"
    elif isinstance(value, float):
        text = f"{value:.10g}"
    elif isinstance(value, np.ndarray):
        text = ", ".join(f"{float(one):.7g}" for one in value.ravel())
    elif isinstance(value, MutableSequence | tuple):
        text = ", ".join(_words(one) for one in value)
    else:
        text = str(value)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 2] + " …"
