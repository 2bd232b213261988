"""``medssl run``: do what a run folder asks for, in this process."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated, Any

import typer

from medssl.cli.bars import working
from medssl.cli.output import say
from medssl.cli.run_argument import Run, find_run
from medssl.progress import silent

BACKGROUND_NICE = 10
TOLD_LEVELS = ("warning", "left out", "note")


def run(
    folder: Run,
    background: Annotated[
        bool,
        typer.Option("--background", help="Low priority, no progress; for whoever follows it."),
    ] = False,
) -> None:
    """Begin or resume a run, and stay until it ends or is stopped."""
    path = find_run(folder)
    if background:
        lower_priority()
    from medssl.jobs import run_job

    with nullcontext(silent) if background else working(path.name) as report:
        run_job(path, progress=report, on_event=tell_event)


def describe_log(event: dict[str, Any]) -> str | None:
    """Return what a person must know of an event; None for all others."""
    if event["kind"] != "log" or event.get("level") not in TOLD_LEVELS:
        return None
    before = "left out: " if event["level"] == "left out" else ""
    return f"{before}{event['message']}"


def tell_event(event: dict[str, Any]) -> None:
    """Say on stderr what a person must know of an event."""
    text = describe_log(event)
    if text is not None:
        say(text)


def lower_priority() -> None:
    """Let everything else on this computer go first; a lower priority stays as it is."""
    import psutil

    process = psutil.Process()
    if psutil.WINDOWS:
        process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    elif process.nice() < BACKGROUND_NICE:
        process.nice(BACKGROUND_NICE)
