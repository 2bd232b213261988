"""The argument RUN: a run folder, or the name of one among the user's runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medssl.errors import FileRefusedError

Run = Annotated[
    Path,
    typer.Argument(
        metavar="RUN",
        help="Run folder, or the id that `medssl runs` shows.",
        show_default=False,
    ),
]


def find_run(run: Path) -> Path:
    """Return the run folder that a person means.

    Raises
    ------
    FileRefusedError
        If there is none.
    """
    from medssl.runs import is_run_folder, runs_root

    for path in (run, runs_root() / run):
        if is_run_folder(path):
            return path.absolute()
    raise FileRefusedError(
        run, "this is no run folder", "`medssl runs` lists the runs that there are."
    )
