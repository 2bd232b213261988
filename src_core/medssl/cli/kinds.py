"""What ``medssl convert`` writes: the kinds, their endings, and the options that each takes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from medssl.errors import SettingsError


class Kind(StrEnum):
    """What to convert to."""

    CSV = "csv"
    MARKUPS = "mrk.json"
    REPORT = "sr"
    NIFTI = "nifti"
    NRRD = "nrrd"
    SLICER = "seg.nrrd"
    SEGMENTATION = "seg"
    MAP = "map"


POINTS = (Kind.CSV, Kind.MARKUPS, Kind.REPORT)
ENDINGS = {
    Kind.CSV: ".csv",
    Kind.MARKUPS: ".mrk.json",
    Kind.REPORT: ".sr.dcm",
    Kind.NIFTI: ".nii.gz",
    Kind.NRRD: ".nrrd",
    Kind.SLICER: ".seg.nrrd",
    Kind.SEGMENTATION: ".seg.dcm",
    Kind.MAP: ".map.dcm",
}
USED_BY = {
    "names": (Kind.SLICER, Kind.SEGMENTATION, Kind.MAP),
    "distance": (Kind.REPORT,),
    "angle": (Kind.REPORT,),
    "algorithm": (Kind.REPORT, Kind.SEGMENTATION),
}
_DOUBLE = (".mrk.json", ".nii.gz", ".seg.nrrd", ".sr.dcm", ".seg.dcm", ".map.dcm")


def endings(to: Kind) -> tuple[str, ...]:
    """Give the endings that the name of a file of this kind may have."""
    if to in (Kind.REPORT, Kind.SEGMENTATION, Kind.MAP):
        return (".dcm",)
    return (".nii.gz", ".nii") if to is Kind.NIFTI else (ENDINGS[to],)


def stem(name: str) -> str:
    """Give a file name without its ending, a double one whole."""
    for ending in _DOUBLE:
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return name.rpartition(".")[0] or name


def require_of_use(file: Path, to: Kind, given: Mapping[str, object]) -> None:
    """Refuse options that would do nothing, and files of the other sort.

    Raises
    ------
    SettingsError
        Naming the option, or what FILE should be.
    """
    from medssl.io.exchange_points import is_points_file

    for name, value in given.items():
        if value and to not in USED_BY[name]:
            kinds = ", ".join(USED_BY[name])
            raise SettingsError(f"--{name} changes nothing in {to.value}: it is for {kinds}")
    is_report = file.suffix.lower() in (".dcm", "")
    if to in POINTS and not is_points_file(file) and not is_report:
        raise SettingsError(
            f"{file}: {to.value} holds points. Give a .csv, .mrk.json or .fcsv, or a DICOM SR"
        )
    if to not in POINTS and is_points_file(file):
        raise SettingsError(f"{file}: {to.value} holds voxels. Give a mask, a label map or a map")
