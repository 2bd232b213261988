"""``medssl refine``: better points in a cohort, from a click and its corrections."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medssl.cli.bars import working
from medssl.cli.cohort.common import CohortFolder, open_cohort
from medssl.cli.images import INSTANT, DeviceOption, ModelOption
from medssl.cli.output import JsonFlag, out, print_json
from medssl.cli.run import tell_event

if TYPE_CHECKING:
    from medssl.cohort import ModelRun


def refine(
    cohort: CohortFolder,
    model: ModelOption = INSTANT,
    landmark: Annotated[
        list[str] | None,
        typer.Option(help="Only this one; may be repeated.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything random.", min=0)] = 0,
    run: Annotated[
        Path | None,
        typer.Option("--run", metavar="FOLDER", help="Run folder.", show_default=False),
    ] = None,
    device: DeviceOption = "auto",
    background: Annotated[
        bool, typer.Option("--background", help="Start it in a process of its own and return.")
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Learn from the points of a cohort's people, and find their landmarks again."""
    from medssl.jobs import RefineRequest, create_job, run_job, start_job
    from medssl.landmarks.refine.settings import RefineSettings

    with open_cohort(cohort) as opened:
        path = opened.path
    request = RefineRequest(
        cohort=str(path),
        landmarks=tuple(landmark or ()),
        model=model if model == INSTANT else str(Path(model).expanduser().absolute()),
        settings=RefineSettings(seed=seed),
        device=device,
    )
    folder = create_job(request, folder=run)
    if background:
        _tell_start(folder, start_job(folder), json)
        return
    with working("Refining") as report:
        run_job(folder, progress=report, on_event=tell_event)
    with open_cohort(path) as opened:
        done = next(one for one in reversed(opened.runs()) if one.place == str(folder))
    _tell_result(folder, done, json)


def _tell_start(folder: Path, pid: int, json: bool) -> None:
    if json:
        print_json({"run": folder, "pid": pid})
        return
    out.print(
        f"process {pid} works on {folder}. Follow it with: medssl logs --follow {folder}",
        markup=False,
        soft_wrap=True,
    )


def _tell_result(folder: Path, done: ModelRun, json: bool) -> None:
    if json:
        print_json({"run": folder, "model": done.model, "points": done.results})
        return
    out.print(f"{done.results} points found by {done.model}; they wait for review", markup=False)
