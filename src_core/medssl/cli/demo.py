"""``medssl demo``: the main job on images that it makes itself."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from medssl.cli.bars import working
from medssl.cli.evaluate import show_results
from medssl.cli.output import JsonFlag, out, print_json, say, write_json


def demo(
    folder: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help="Where everything is written.")
    ] = Path("demo_out"),
    minutes: Annotated[float, typer.Option(help="Time to pretrain.", min=0.05)] = 1.8,
    seed: Annotated[int, typer.Option(help="Seed of the images and the training.", min=0)] = 0,
    window: Annotated[
        bool, typer.Option(help="Open napari on the result where there is a screen.")
    ] = True,
    json: JsonFlag = False,
) -> None:
    """Make chest phantoms, pretrain, click once, find everywhere, compare. Under three minutes."""
    from medssl import demo as job

    start = time.monotonic()
    run = folder / f"run-{time.strftime('%Y%m%d-%H%M%S')}"
    with working("Making phantom films") as report:
        phantoms = job.make_images(folder / "phantoms", seed, report)
    with working("Pretraining") as report:
        trained = job.train(phantoms, run, minutes, seed, report)
    results = {}
    models = {"position": "position", "instant": "instant", "trained": str(trained.model_folder)}
    for name, model in models.items():
        with working(f"Evaluating {name}") as report:
            results[name] = job.compare(phantoms, model, seed, report)
    with working("Clicking once, finding everywhere") as report:
        cases = job.click_once(phantoms, trained.model_folder, report)
    sheet = job.draw_sheet(cases, folder / "landmarks.png")
    shown = job.write_for_viewer(cases, folder / "window")
    summary = {
        "results": results,
        "contact_sheet": sheet,
        "model": trained.model_folder,
        "steps": trained.steps,
        "seconds": time.monotonic() - start,
    }
    write_json(folder / "results.json", summary)
    if json:
        print_json(summary)
    else:
        show_results(results)
        out.print(
            f"{job.N_IMAGES} phantom films, {job.N_TEMPLATES} of them clicked; pixels at a"
            f" longest side of 256. Took {summary['seconds']:.0f} s.\nContact sheet: {sheet}",
            markup=False,
            soft_wrap=True,
        )
    _open_window(window, shown)


def _open_window(wanted: bool, shown: Path) -> None:
    from medssl.demo import can_show, open_window

    if wanted and can_show():
        say("Opening napari on the result; the slider steps through the films")
        open_window(shown)
    elif wanted:
        say("No screen (or no napari) here, so no window opens")
