"""``medssl cohort report``: a cohort as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medssl.cli.bars import working
from medssl.cli.cohort.common import CohortFolder, counted, open_cohort, show
from medssl.cli.output import JsonFlag, print_json


def report(
    folder: CohortFolder,
    place: Annotated[
        Path,
        typer.Option("--out", metavar="FILE.html", help="The page.", show_default=False),
    ],
    sheet: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, help="Pictures in a contact sheet at most; 0 leaves them out."
        ),
    ] = 12,
    paths: Annotated[
        bool, typer.Option("--paths", help="Name folders and files, for a page that stays here.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file of that name.")
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Write a page with counts, errors, contact sheets, models and data."""
    from medssl.cohort.report import write_report

    with open_cohort(folder) as cohort, working("Drawing") as bar:
        done = write_report(cohort, place, sheet, paths, overwrite, bar)
    if json:
        print_json(vars(done))
        return
    show(
        f"{place}: {counted(done.cases, 'case')}, {counted(done.corrections, 'correction')}, "
        f"{counted(done.pictures, 'picture')}"
    )
