"""``medssl model``: verbs about model folders."""

from __future__ import annotations

import typer

from medssl.cli.model_import import import_model

model = typer.Typer(no_args_is_help=True, help="Make model folders.")


@model.callback()
def _model() -> None:
    """Make model folders."""


model.command("import")(import_model)
