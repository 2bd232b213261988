"""The work of ``medssl convert``: one file of points or voxels into another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medssl.cli.kinds import Kind
from medssl.errors import SettingsError

if TYPE_CHECKING:
    from medssl.io.exchange_points import Target
    from medssl.io.landmark_csv import ExportPoint
    from medssl.io.measurement import Measurement


def convert_points(
    file: Path,
    path: Path,
    target: Target,
    to: Kind,
    asked: tuple[Sequence[str], Sequence[str]],
    algorithm: str,
    overwrite: bool,
) -> dict[str, Any]:
    """Convert a file of points, with the distances and angles `asked` for; say what it holds."""
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


def convert_voxels(
    file: Path,
    path: Path,
    target: Target,
    to: Kind,
    names: str,
    algorithm: str,
    overwrite: bool,
) -> dict[str, Any]:
    """Convert a mask, a label map or a map; say what it holds."""
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
