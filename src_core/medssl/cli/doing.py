"""How commands do a job: in this process, with its progress, or started in one of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medssl.cli.bars import working
from medssl.cli.output import out, print_json, say
from medssl.cli.run import describe_log

if TYPE_CHECKING:
    from medssl.io import ImageListing
    from medssl.jobs.requests import AnyRequest

BackgroundFlag = Annotated[
    bool, typer.Option("--background", help="Start it in a process of its own and return.")
]


def do_or_start(
    request: AnyRequest,
    folder: Path | None,
    doing: str,
    background: bool,
    json: bool,
    listing: ImageListing | None = None,
) -> Path | None:
    """Make a job of a request, and do or start it.

    Parameters
    ----------
    request
        What is asked.
    folder
        Run folder; None: a new one of the user's.
    doing
        What stands before the progress.
    background
        Start it in a process of its own, and tell which.
    json
        Tell so as one JSON object.
    listing
        The images, whose notes and problems were told when they were found.

    Returns
    -------
    Path or None
        The run folder of a job that is done; None if it was started.
    """
    from medssl.jobs import create_job, run_job, start_job

    path = create_job(request, folder=folder)
    if background:
        pid = start_job(path)
        if json:
            print_json({"run": path, "pid": pid})
        else:
            text = f"process {pid} works on {path}. Follow it with: medssl logs --follow {path}"
            out.print(text, markup=False, soft_wrap=True)
        return None
    known: set[str] = set()
    if listing is not None:
        known = {*listing.notes, *(problem.message for problem in listing.problems)}

    def tell(event: dict[str, Any]) -> None:
        text = describe_log(event)
        if text is not None and event["message"] not in known:
            say(text)

    with working(doing) as report:
        run_job(path, progress=report, on_event=tell)
    return path
