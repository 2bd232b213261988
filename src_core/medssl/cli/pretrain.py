"""``medssl pretrain``: learn from unlabelled images."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from medssl.cli.bars import working
from medssl.cli.images import DeviceOption, Images, choose_ndim, find_images, left_out, prepare
from medssl.cli.output import JsonFlag, out, print_json, say


class Recipe(StrEnum):
    """Pretraining methods."""

    LD = "ld"


class Preset(StrEnum):
    """Named settings."""

    QUICK = "quick"
    STANDARD = "standard"
    PAPER = "paper"


class Form(StrEnum):
    """Forms of patch discrimination."""

    DENSE = "dense"
    GRID = "grid"


def pretrain(
    images: Images,
    run: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="RUN",
            help="Run folder; an unfinished one is resumed.",
            show_default=False,
        ),
    ],
    recipe: Annotated[Recipe, typer.Option(help="The pretraining method.")] = Recipe.LD,
    preset: Annotated[Preset, typer.Option(help="Named settings.")] = Preset.QUICK,
    minutes: Annotated[
        float | None,
        typer.Option(help="Time to train; turned into steps after a warm-up.", min=0.05),
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Steps to train.", min=1)] = None,
    form: Annotated[
        Form | None,
        typer.Option(help="Patch discrimination: the preset decides if left out."),
    ] = None,
    device: DeviceOption = "auto",
    seed: Annotated[int, typer.Option(help="Seed of everything random.", min=0)] = 0,
    json: JsonFlag = False,
) -> None:
    """Pretrain a dense encoder on unlabelled images."""
    from medssl.pretrain import make_settings
    from medssl.pretrain import pretrain as train

    listing = find_images(images)
    settings = make_settings(
        recipe=recipe.value,
        preset=preset.value,
        form=form.value if form else None,
        ndim=choose_ndim(listing.sources),
        minutes=minutes,
        steps=steps,
        device=device,
        seed=seed,
    )
    prepared = prepare(listing.sources, settings.prepare)
    with working("Pretraining") as report:
        result = train(prepared, settings, run, progress=report)
    for warning in result.warnings:
        say(warning)
    if json:
        print_json(
            {
                "run": run,
                "model": result.model_folder,
                "steps": result.steps,
                "seconds": result.seconds,
                "warnings": [*prepared.warnings, *result.warnings],
                "images": len(prepared.cases),
                "left_out": left_out(listing, prepared),
            }
        )
        return
    out.print(
        f"{result.steps} steps on {len(prepared.cases)} images in {result.seconds:.0f} s."
        f" Model: {result.model_folder}",
        markup=False,
        soft_wrap=True,
    )
