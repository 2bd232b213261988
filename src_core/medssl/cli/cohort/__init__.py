"""``medssl cohort``: images, and what people and models have said about them."""

from __future__ import annotations

import typer

from medssl.cli.cohort.add import add
from medssl.cli.cohort.agreement import agreement
from medssl.cli.cohort.check import check
from medssl.cli.cohort.create import create
from medssl.cli.cohort.export import export
from medssl.cli.cohort.merge import merge
from medssl.cli.cohort.report import report
from medssl.cli.cohort.status import status

cohort = typer.Typer(
    no_args_is_help=True, help="Keep images and all that was said about them in one folder."
)


@cohort.callback()
def _cohort() -> None:
    """Keep images and all that was said about them in one folder."""


for verb in (create, add, status, check, merge, agreement, export, report):
    cohort.command()(verb)
