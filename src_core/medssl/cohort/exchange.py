"""A case as the formats of the clinic see it: its own grid, its names, its DICOM headers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from medssl.cohort.records import CaseRecord
from medssl.errors import FileRefusedError
from medssl.io.formats import extension

if TYPE_CHECKING:
    from medssl.io.dicom_source import DicomSource
    from medssl.io.exchange_points import Target


def target_of(case: CaseRecord) -> Target:
    """Give what `medssl.io` needs to write results that belong to a case.

    References of DICOM objects are read from the source when they are written: the cohort has
    no ids to give.
    """
    from medssl.io.exchange_points import Target

    names = tuple(dict.fromkeys((case.name, case.key, case.path.name, str(case.path))))
    return Target(case.path, names, case.grid, lambda: _dicom(case))


def file_stem(name: str) -> str:
    """Make the name of a case's files: without the image's ending, and a name on every system."""
    ending = extension(Path(name))
    stem = name[: len(name) - len(ending)] if ending else name
    return re.sub(r'[\\:*?"<>|\x00-\x1f]', "_", stem.replace("/", "__")).strip(" .") or "case"


def _dicom(case: CaseRecord) -> DicomSource:
    from medssl.io.dicom_source import read_dicom_source
    from medssl.io.formats import format_from_content

    files = case.source().files
    if format_from_content(files[0]) not in ("dicom", None):
        raise FileRefusedError(
            case.path,
            "it is no DICOM image, and DICOM objects refer to one",
            "Export to a format that stands alone.",
        )
    return read_dicom_source(files, case.path)
