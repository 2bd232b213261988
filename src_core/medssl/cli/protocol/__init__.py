"""``medssl protocol``: landmarks, examples and measurements that are kept for other patients."""

from __future__ import annotations

import typer

from medssl.cli.protocol.apply import apply
from medssl.cli.protocol.measure import measure
from medssl.cli.protocol.save import save
from medssl.cli.protocol.show import show

protocol = typer.Typer(
    no_args_is_help=True, help="Keep landmarks and measurements, and apply them to other images."
)


@protocol.callback()
def _protocol() -> None:
    """Keep landmarks and measurements, and apply them to other images."""


for verb in (save, show, apply, measure):
    protocol.command()(verb)
