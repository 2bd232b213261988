"""``medssl runs``: what runs there are, and where they stand."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from medssl.cli.output import JsonFlag, out, print_json


def runs(
    root: Annotated[
        Path | None,
        typer.Argument(
            metavar="[ROOT]", help="Folder of runs; yours if left out.", show_default=False
        ),
    ] = None,
    json: JsonFlag = False,
) -> None:
    """List runs, newest first."""
    from medssl.runs import list_runs, runs_root

    root = runs_root() if root is None else root
    found = list_runs(root)
    if json:
        print_json([asdict(run) for run in found])
        return
    if not found:
        out.print(f"no runs in {root}", markup=False, soft_wrap=True)
        return
    table = Table(Column("id", no_wrap=True), box=None)
    for title in ("name", "method", "images", "state", "step", "created"):
        table.add_column(title)
    for run in found:
        status = run.status
        table.add_row(
            run.id,
            run.name if run.name != run.id else "",
            f"{run.verb} {run.method}".strip(),
            str(run.images or ""),
            status.state,
            f"{status.step}/{status.steps}" if status.steps else "",
            time.strftime("%Y-%m-%d %H:%M", time.localtime(run.created)),
        )
    out.print(table)
    for run in found:
        if run.status.message:
            out.print(f"{run.id}: {run.status.message}", markup=False, soft_wrap=True)
