"""``medssl refine``: better points in a cohort, from a click and its corrections."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medssl.cli.cohort.common import CohortFolder, open_cohort
from medssl.cli.doing import BackgroundFlag, do_or_start
from medssl.cli.images import INSTANT, DeviceOption, ModelOption
from medssl.cli.output import JsonFlag, out, print_json

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
    background: BackgroundFlag = False,
    json: JsonFlag = False,
) -> None:
    """Learn from the points of a cohort's people, and find their landmarks again."""
    from medssl.jobs import RefineRequest
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
    folder = do_or_start(request, run, "Refining", background, json)
    if folder is None:
        return
    with open_cohort(path) as opened:
        done = next(one for one in reversed(opened.runs()) if one.place == str(folder))
    _tell_result(folder, done, json)


def _tell_result(folder: Path, done: ModelRun, json: bool) -> None:
    if json:
        print_json({"run": folder, "model": done.model, "points": done.results})
        return
    out.print(f"{done.results} points found by {done.model}; they wait for review", markup=False)
