"""Entry point of the command line: runs a verb and turns errors into exit codes."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from medssl.cli.app import app
from medssl.cli.output import err
from medssl.errors import Cancelled, MedsslError

DONE, FAILED, REFUSED = 0, 1, 2
# typer carries its own click in some releases: the class comes from what it makes public.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; unexpected errors pass through."""
    try:
        code = app(arguments, prog_name="medssl", standalone_mode=False)
    except MedsslError as error:
        _say(str(error))
        return REFUSED
    except _UsageError as error:
        _say_usage(error)
        return REFUSED
    except (Cancelled, KeyboardInterrupt, typer.Abort):
        _say("stopped; what was finished stays")
        return FAILED
    return code if isinstance(code, int) else DONE


def main() -> None:
    """Run ``medssl`` with the arguments of this process and leave with its exit code."""
    sys.exit(run())


def _say_usage(error: BaseException) -> None:
    message = error.format_message() if isinstance(error, typer.BadParameter) else str(error)
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "medssl"
    _say(f"{message.rstrip('.')}. See: {command} --help")


def _say(message: str) -> None:
    err.print(f"medssl: {' '.join(message.split())}", style="red", markup=False, soft_wrap=True)
