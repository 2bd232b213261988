"""``medssl evaluate landmarks``: how far found points lie from the true ones."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.table import Table

from medssl.cli.bars import working
from medssl.cli.correcting import show_corrections
from medssl.cli.evaluate_lesions import lesions
from medssl.cli.evaluate_reuse import reuse
from medssl.cli.evaluate_segment import segment
from medssl.cli.evaluate_transfer import transfer
from medssl.cli.images import INSTANT, DeviceOption, Images, find_images
from medssl.cli.output import out, print_json, say, write_json
from medssl.errors import SettingsError

Order = Literal["review", "random"]


class OrderChoice(StrEnum):
    """Which images are corrected."""

    review = "review"
    random = "random"


evaluate = typer.Typer(no_args_is_help=True, help="Measure a model against known answers.")


@evaluate.callback()
def _evaluate() -> None:
    """Measure a model against known answers."""


evaluate.command()(transfer)
evaluate.command()(reuse)
evaluate.command()(lesions)
evaluate.command()(segment)


@evaluate.command()
def landmarks(
    images: Images,
    truth: Annotated[
        Path,
        typer.Argument(
            metavar="TRUTH.csv",
            help="Columns image,landmark,x,y[,z][,group] in 0-based voxels.",
            show_default=False,
        ),
    ],
    model: Annotated[
        str,
        typer.Option(
            metavar="DIR|instant|ncc|position",
            help="Model folder, run folder, the training-free descriptor, or a baseline.",
        ),
    ] = INSTANT,
    templates: Annotated[int, typer.Option(metavar="K", help="Template images.", min=1)] = 4,
    seed: Annotated[int, typer.Option(metavar="S", help="Draws the template images.", min=0)] = 0,
    spacing: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Pixel sizes: image,x_mm,y_mm[,z_mm]."),
    ] = None,
    refine: Annotated[
        bool, typer.Option("--refine", help="Also refine, after the corrections.")
    ] = False,
    corrections: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Correct N images after the template; half of the patients are kept to be scored.",
            min=0,
        ),
    ] = None,
    order: Annotated[
        OrderChoice | None,
        typer.Option(help="Which images are corrected; both without it.", show_default=False),
    ] = None,
    device: DeviceOption = "auto",
    json: Annotated[
        Path | None,
        typer.Option("--json", metavar="OUT", help="Write the result here; - for stdout."),
    ] = None,
) -> None:
    """Find known landmarks from K template images and measure the error."""
    from medssl.evaluate import evaluate_corrections, evaluate_landmarks

    if order is not None and not corrections:
        raise SettingsError("--order is the order of the corrections: say --corrections N")
    correcting = refine or corrections is not None
    listing = find_images(images)
    with working(f"Evaluating {model}") as report:
        if correcting:
            from medssl.landmarks.refine import RefineSettings

            result = evaluate_corrections(
                listing, truth, model, templates, seed, corrections or 0,
                _orders(order, corrections),
                RefineSettings() if refine else None, spacing, progress=report, device=device,
            )  # fmt: skip
        else:
            result = evaluate_landmarks(
                listing, truth, model, templates, seed, spacing, progress=report, device=device
            )
    told = {problem.message for problem in listing.problems}
    for problem in result["problems"]:
        if problem not in told:
            say(f"left out: {problem}")
    for warning in result["warnings"]:
        say(warning)
    if str(json) == "-":
        print_json(result)
        return
    if json is not None:
        write_json(json, result)
    if correcting:
        show_corrections(result)
    else:
        show_results({model: result})


def _orders(order: OrderChoice | None, corrections: int | None) -> tuple[Order, ...]:
    if order is None and corrections:
        return ("review", "random")
    return ("random",) if order is OrderChoice.random else ("review",)


def show_results(results: dict[str, dict[str, Any]]) -> None:
    """Print one line a model."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("model")
    for heading in ("mean px", "median px", "mean mm", "< 4 % diag", "ms a click", "n"):
        table.add_column(heading, justify="right")
    for name, values in results.items():
        mre_mm = values["mre_mm"]
        table.add_row(
            name,
            f"{values['mre_px']:.1f}",
            f"{values['median_px']:.1f}",
            "–" if mre_mm is None else f"{mre_mm:.2f}",
            f"{100 * values['sdr']['4%']:.0f} %",
            f"{1000 * values['seconds_per_click']:.0f}",
            str(values["n"]),
        )
    out.print(table)
