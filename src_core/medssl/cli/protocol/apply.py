"""``medssl protocol apply``: the landmarks of a protocol in next week's images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medssl.cli.bars import working
from medssl.cli.cohort.common import CopyFlag, SomeImages, add_and_tell, counted, described
from medssl.cli.cohort.common import show as show_line
from medssl.cli.images import DeviceOption, tell_problems
from medssl.cli.output import JsonFlag, print_json, say
from medssl.cli.protocol.common import (
    OverwriteFlag,
    ProtocolFolder,
    measured_values,
    tell_measured,
)
from medssl.cli.protocol.measure import require_table
from medssl.errors import SettingsError

if TYPE_CHECKING:
    from medssl.cohort import Cohort


def apply(
    folder: ProtocolFolder,
    cohort: Annotated[
        Path,
        typer.Option(
            metavar="COHORT", help="A new cohort, or one that is there.", show_default=False
        ),
    ],
    images: SomeImages = None,
    table: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE.csv",
            help="The measurements; else COHORT's name with -measurements.csv, beside it.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="DIR|instant",
            help="Another model than the protocol's own.",
            show_default=False,
        ),
    ] = None,
    device: DeviceOption = "auto",
    copy: CopyFlag = False,
    overwrite: OverwriteFlag = False,
    json: JsonFlag = False,
) -> None:
    """Add images to a cohort, find every landmark in all its images, and measure."""
    from medssl.io._atomic import refuse_existing
    from medssl.protocols import open_protocol
    from medssl.protocols.applying import apply_protocol, define_landmarks
    from medssl.protocols.measuring import measure_cohort
    from medssl.protocols.table import write_table

    opened = open_protocol(folder)
    if copy and not images:
        raise SettingsError("--copy changes nothing without IMAGES. Name the images to add")
    place = table or _beside(cohort)
    if opened.measurements:
        require_table(place)
        refuse_existing(place, overwrite)
    elif table is not None:
        raise SettingsError(f"{opened.folder}: the protocol measures nothing. Leave --out away")
    with _open(cohort, new=bool(images)) as here:
        added = add_and_tell(here, images, copy) if images else None
        for note in define_landmarks(here, opened):
            say(note)
        with working("Finding landmarks") as report:
            applied = apply_protocol(opened, here, model, device, report)
        measured = measure_cohort(here, opened) if opened.measurements else []
        where = here.path
    tell_problems(applied.problems)
    for warning in applied.warnings:
        say(warning)
    found = f"{counted(applied.points, 'point')} found in {counted(applied.cases, 'image')}"
    lines = [f"{found}: {where}"]
    if opened.measurements:
        write_table(place, measured, overwrite)
        lines.append(f"{tell_measured(measured)} written to {place}")
    if json:
        print_json(
            {
                "cohort": where,
                "images": described(added) if added else None,
                "points": applied.points,
                "searched": applied.cases,
                "left_out": [{"path": p.path, "message": p.message} for p in applied.problems],
                "warnings": applied.warnings,
                "file": place if opened.measurements else None,
                "measurements": measured_values(measured),
            }
        )
        return
    show_line("\n".join(lines))


def _beside(cohort: Path) -> Path:
    from medssl.cohort import SUFFIX

    return cohort.with_name(f"{cohort.name.removesuffix(SUFFIX)}-measurements.csv")


def _open(folder: Path, new: bool) -> Cohort:
    """Open a cohort, or make it where there is none and images are given for it."""
    from medssl.cohort import DATABASE, SUFFIX, Cohort

    complete = folder if folder.name.endswith(SUFFIX) else folder.with_name(folder.name + SUFFIX)
    for place in (folder, complete):
        if (place / DATABASE).is_file():
            return Cohort.open(place)
    if not new:
        raise SettingsError(f"{folder}: there is no such cohort yet. Name the images to add to it")
    return Cohort.create(folder)
