"""``medssl protocol measure``: what a protocol measures, in the cases of a cohort."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medssl.cli.cohort.common import CohortFolder, open_cohort
from medssl.cli.cohort.common import show as show_line
from medssl.cli.output import JsonFlag, print_json
from medssl.cli.protocol.common import OverwriteFlag, measured_values, tell_measured
from medssl.errors import FileRefusedError, SettingsError


def measure(
    folder: CohortFolder,
    protocol: Annotated[
        Path,
        typer.Option(metavar="NAME.protocol", help="What to measure.", show_default=False),
    ],
    table: Annotated[
        Path,
        typer.Option("--out", metavar="FILE.csv", help="Where to write it.", show_default=False),
    ],
    by_person: Annotated[
        bool, typer.Option("--by-person", help="Only points that a person has set.")
    ] = False,
    overwrite: OverwriteFlag = False,
    json: JsonFlag = False,
) -> None:
    """Measure in all cases of a cohort, as the points are now, and write a table."""
    from medssl.protocols import open_protocol
    from medssl.protocols.measuring import measure_cohort
    from medssl.protocols.table import write_table

    require_table(table)
    opened = open_protocol(protocol)
    if not opened.measurements:
        raise SettingsError(f"{opened.folder}: the protocol measures nothing")
    with open_cohort(folder) as cohort:
        measured = measure_cohort(cohort, opened, by_person)
        if not measured:
            raise FileRefusedError(
                cohort.path,
                "no case has a point of the protocol",
                "Apply it first: medssl protocol apply.",
            )
    write_table(table, measured, overwrite)
    told = tell_measured(measured)
    if json:
        print_json({"file": table, "measurements": measured_values(measured)})
        return
    show_line(f"{told} written to {table}")


def require_table(path: Path) -> None:
    """Refuse a name that does not end in ``.csv``.

    Raises
    ------
    SettingsError
        If it does not.
    """
    if path.suffix.lower() != ".csv":
        raise SettingsError(f"--out {path}: the name must end in .csv")
