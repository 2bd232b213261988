"""``medssl protocol save``: a cohort's landmarks, for other patients."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medssl.cli.bars import working
from medssl.cli.cohort.common import CohortFolder, counted, open_cohort
from medssl.cli.cohort.common import show as show_line
from medssl.cli.images import INSTANT, ModelOption
from medssl.cli.output import JsonFlag, print_json, say
from medssl.cli.protocol.common import OverwriteFlag


def save(
    folder: CohortFolder,
    place: Annotated[
        Path,
        typer.Option(
            "--out", metavar="NAME.protocol", help="Where to save it.", show_default=False
        ),
    ],
    landmarks: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A landmark; else all that were placed.", show_default=False
        ),
    ] = None,
    measure: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=KIND(A,B)",
            help="distance(a,b), angle(a,b,c), angle(a,b,c,d) between two lines, ratio(a,b,c,d).",
            show_default=False,
        ),
    ] = None,
    templates: Annotated[
        int, typer.Option(min=1, max=20, help="How many images to keep as examples.")
    ] = 3,
    model: ModelOption = INSTANT,
    overwrite: OverwriteFlag = False,
    json: JsonFlag = False,
) -> None:
    """Save landmarks of a cohort, with examples of them and measurements between them."""
    from medssl.protocols import parse_measurement
    from medssl.protocols.saving import save_protocol

    measurements = [parse_measurement(text) for text in measure or ()]
    with open_cohort(folder) as cohort, working("Saving the protocol") as report:
        saved = save_protocol(
            cohort, place, landmarks or (), measurements, model, templates, overwrite, report
        )
    for note in saved.notes:
        say(note)
    made = saved.protocol.definition
    if json:
        print_json({"protocol": saved.protocol.folder, **made.model_dump(), "notes": saved.notes})
        return
    show_line(
        f"{saved.protocol.folder}: {counted(len(made.landmarks), 'landmark')}, "
        f"{counted(len(made.measurements), 'measurement')}, "
        f"{counted(len(made.templates), 'template image')}, model {made.model_name}"
    )
