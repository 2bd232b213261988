"""Who an image is of: read from the source when it is needed, never kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from medssl.errors import FileRefusedError

if TYPE_CHECKING:
    from medssl.io import ImageSource

_TAGS = ("PatientID", "PatientName", "StudyInstanceUID")


class Ids(NamedTuple):
    """What a source says of its patient; empty texts where it says nothing."""

    patient: str = ""
    study: str = ""
    names_patient: bool = False

    def hidden(self, name: str) -> str:
        """Give a name that holds no patient's name already; empty if it holds the id."""
        return "" if _holds(name, self.patient) else name


def read_ids(source: ImageSource) -> Ids:
    """Read the ids of patient and study from the header of a DICOM source.

    `Ids.names_patient` says that the source's key holds the patient's name or id.
    """
    from medssl.io.dicom_headers import names_patient, read_header
    from medssl.io.formats import format_from_content

    file = source.files[0] if source.files else source.path
    try:
        if format_from_content(file) != "dicom":
            return Ids()
        header = read_header(file, _TAGS)
    except FileRefusedError:
        return Ids()
    patient = str(header.get("PatientID") or "").strip()
    study = str(header.get("StudyInstanceUID") or "")
    told = _holds(source.key, patient) or names_patient(source.key, header)
    return Ids(patient, study, told)


def _holds(name: str, patient: str) -> bool:
    return len(patient) > 2 and patient.lower() in name.lower()
