"""``medssl convert``: points, masks and maps from one format of the field to another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medssl.cli.conversions import convert_points, convert_voxels
from medssl.cli.kinds import ENDINGS, POINTS, Kind, endings, require_of_use, stem
from medssl.cli.output import JsonFlag, out, print_json, say
from medssl.cli.target import open_target
from medssl.errors import SettingsError


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
    require_of_use(file, to, {"names": names, "distance": distance, "angle": angle,
                               "algorithm": algorithm})  # fmt: skip
    path = out_file or file.with_name(stem(file.name) + ENDINGS[to])
    if not path.name.lower().endswith(endings(to)):
        raise SettingsError(f"--out {path}: the name must end in {' or '.join(endings(to))}")
    target = open_target(image)
    if to in POINTS:
        told = convert_points(file, path, target, to, measured, algorithm, overwrite)
    else:
        told = convert_voxels(file, path, target, to, names, algorithm, overwrite)
    if json:
        print_json({"file": path, "kind": to.value, **told})
        return
    for problem in told["problems"]:
        say(f"{file.name}: {problem}")
    out.print(f"{told['what']} written to {path}", markup=False, soft_wrap=True)
