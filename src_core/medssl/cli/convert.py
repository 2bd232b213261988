"""``medssl convert``: points, masks and maps from one format of the field to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medssl.cli.output import JsonFlag, out, print_json, say
from medssl.cli.target import open_target
from medssl.errors import SettingsError

if TYPE_CHECKING:
    from medssl.io.exchange_points import Target
    from medssl.io.landmark_csv import ExportPoint
    from medssl.io.measurement import Measurement


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


def convert(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="Points, a mask or a map.", show_default=False, readable=False
        ),
    ],
    to: Annotated[Kind, typer.Option("--to", help="What to write.", show_default=False)],
    image: Annotated[
        str,
        typer.Option(
            metavar="IMAGE",
            help="The image that FILE belongs to; FOLDER#1 is its second series.",
            show_default=False,
        ),
    ],
    out_file: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Else beside FILE, with the format's ending."),
    ] = None,
    names: Annotated[
        str,
        typer.Option(
            metavar="A,B|1=A,2=B", help="Names of the segments, or of a map.", show_default=False
        ),
    ] = "",
    distance: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=A,B", help="Distance of two landmarks (sr).", show_default=False
        ),
    ] = None,
    angle: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=A,B,C", help="Angle at the second landmark (sr).", show_default=False
        ),
    ] = None,
    algorithm: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="What drew or found it; else a person did.", show_default=False
        ),
    ] = "",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file of that name.")
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Convert points, a mask or a map, on the grid of the image that it belongs to."""
    measured = (distance or [], angle or [])
    _require_of_use(file, to, {"names": names, "distance": distance, "angle": angle,
                               "algorithm": algorithm})  # fmt: skip
    path = out_file or file.with_name(stem(file.name) + ENDINGS[to])
    if not path.name.lower().endswith(_endings(to)):
        raise SettingsError(f"--out {path}: the name must end in {' or '.join(_endings(to))}")
    target = open_target(image)
    if to in POINTS:
        told = _points(file, path, target, to, measured, algorithm, overwrite)
    else:
        told = _voxels(file, path, target, to, names, algorithm, overwrite)
    if json:
        print_json({"file": path, "kind": to.value, **told})
        return
    for problem in told["problems"]:
        say(f"{file.name}: {problem}")
    out.print(f"{told['what']} written to {path}", markup=False, soft_wrap=True)


def _require_of_use(file: Path, to: Kind, given: Mapping[str, object]) -> None:
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


def stem(name: str) -> str:
    """File name without its ending, a double one whole."""
    for ending in _DOUBLE:
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return name.rpartition(".")[0] or name


def _endings(to: Kind) -> tuple[str, ...]:
    if to in (Kind.REPORT, Kind.SEGMENTATION, Kind.MAP):
        return (".dcm",)
    return (".nii.gz", ".nii") if to is Kind.NIFTI else (ENDINGS[to],)


def _points(
    file: Path,
    path: Path,
    target: Target,
    to: Kind,
    asked: tuple[Sequence[str], Sequence[str]],
    algorithm: str,
    overwrite: bool,
) -> dict[str, Any]:
    from medssl.io.exchange_points import read_points, write_points

    read = read_points(file, target)
    measurements = [*read.measurements, *_measured(read.points, asked)]
    write_points(path, read.points, target, to.value, measurements, algorithm, overwrite)
    count = "1 point" if len(read.points) == 1 else f"{len(read.points)} points"
    return {
        "what": count,
        "points": [point.landmark for point in read.points],
        "measurements": [{"name": m.name, "value": m.value, "unit": m.unit} for m in measurements],
        "problems": list(read.problems),
    }


def _measured(
    points: Sequence[ExportPoint], asked: tuple[Sequence[str], Sequence[str]]
) -> list[Measurement]:
    from medssl.io.measurement import measure_angle, measure_distance

    known = {point.landmark: point for point in points}
    found = []
    for texts, measure in zip(asked, (measure_distance, measure_angle), strict=True):
        for text in texts:
            name, _, listed = text.partition("=")
            wanted = [part.strip() for part in listed.split(",")]
            absent = [part for part in wanted if part not in known]
            if absent or not name.strip():
                raise SettingsError(
                    f"{text!r}: there is no landmark {', '.join(absent) or 'named so'}. Write"
                    f" NAME=A,B with landmarks of the file ({', '.join(known)})"
                )
            found.append(measure(name.strip(), [known[part] for part in wanted]))
    return found


def _voxels(
    file: Path,
    path: Path,
    target: Target,
    to: Kind,
    names: str,
    algorithm: str,
    overwrite: bool,
) -> dict[str, Any]:
    from medssl.io import exchange_masks as masks
    from medssl.io.image import Image

    found = (
        masks.read_map(file, target) if to is Kind.MAP else masks.read_segmentation(file, target)
    )
    if isinstance(found, Image):
        masks.write_map(path, found, target, to.value, names or "Map", overwrite)
        return {"what": "the map", "segments": [], "problems": []}
    if names:
        found = masks.renamed(found, read_names(names))
    masks.write_segmentation(path, found, target, to.value, algorithm, overwrite)
    segments = [
        {"label": s.label, "name": s.name, "colour": s.colour, "voxels": int(found.mask(s).sum())}
        for s in found.segments
    ]
    empty = [f"segment {s['name']!r} has no voxel" for s in segments if not s["voxels"]]
    count = "1 segment" if len(segments) == 1 else f"{len(segments)} segments"
    return {"what": count, "segments": segments, "problems": empty}


def read_names(text: str) -> Mapping[int, str] | list[str]:
    """Read ``a,b`` as names in order, ``1=a,2=b`` as names of labels.

    Raises
    ------
    SettingsError
        If only some of them name their label.
    """
    parts = [part.strip() for part in text.split(",")]
    pairs = [part.partition("=") for part in parts]
    if all(key.strip().isdigit() and equals for key, equals, _ in pairs):
        return {int(key): name.strip() for key, _, name in pairs}
    if any(key.strip().isdigit() and equals for key, equals, _ in pairs):
        raise SettingsError(f"--names {text}: give either 1=a,2=b for all or names in order")
    return parts
