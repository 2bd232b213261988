"""``medssl pretrain``: learn from unlabelled images."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from medssl.cli.doing import BackgroundFlag, do_or_start
from medssl.cli.forecast import print_forecast
from medssl.cli.images import DeviceOption, Images, find_images
from medssl.cli.output import JsonFlag, out, print_json


class Recipe(StrEnum):
    """Pretraining methods."""

    LD = "ld"
    DIRA_MOCO = "dira-moco"
    DIRA_BARLOW = "dira-barlow"
    DIRA_SIMSIAM = "dira-simsiam"
    DIRA_VISUAL_WORDS = "dira-visual-words"
    LD_DIRA = "ld+dira"


class Schedule(StrEnum):
    """Orders in which DiRA's parts are added."""

    STEPWISE = "stepwise"
    WARMUP = "warmup"
    JOINT = "joint"


class Parts(StrEnum):
    """Which of DiRA's parts learn."""

    DI = "di"
    RES = "res"
    DIR = "dir"
    DIRA = "dira"


class Preset(StrEnum):
    """Named settings."""

    QUICK = "quick"
    STANDARD = "standard"
    PAPER = "paper"


class Form(StrEnum):
    """Forms of patch discrimination."""

    DENSE = "dense"
    GRID = "grid"


class Net(StrEnum):
    """Families of nets."""

    PLAIN = "plain"
    VGG = "vgg"
    RESNET18 = "resnet18"
    RESNET50 = "resnet50"


def pretrain(
    images: Images,
    run: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="RUN",
            help="Run folder; an unfinished one is resumed. Left out: a new one of yours.",
            show_default=False,
        ),
    ] = None,
    recipe: Annotated[Recipe, typer.Option(help="The pretraining method.")] = Recipe.LD,
    preset: Annotated[Preset, typer.Option(help="Named settings.")] = Preset.QUICK,
    minutes: Annotated[
        float | None,
        typer.Option(help="Time to train; turned into steps after a warm-up.", min=0.05),
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Steps to train.", min=1)] = None,
    batch: Annotated[
        int | None,
        typer.Option(
            help="Images a step and process. Left out: the preset's.", min=1, show_default=False
        ),
    ] = None,
    form: Annotated[
        Form | None,
        typer.Option(help="Patch discrimination: the preset decides if left out."),
    ] = None,
    net: Annotated[
        Net | None,
        typer.Option(
            help="Family of the net; resnets are for pictures. Left out: the preset's.",
            show_default=False,
        ),
    ] = None,
    width: Annotated[
        int | None,
        typer.Option(
            help="Channels of the net's finest level; the others follow. Left out: the preset's.",
            min=4,
            max=512,
            show_default=False,
        ),
    ] = None,
    side: Annotated[
        int | None,
        typer.Option(
            metavar="PIXELS",
            help="Pictures: longest side to work at, more for thin structures. Left out: the "
            "preset's.",
            min=64,
            max=4096,
            show_default=False,
        ),
    ] = None,
    clusters: Annotated[
        int | None,
        typer.Option(
            help="Structures to learn in a second stage (the paper's 16). Left out: none.",
            min=2,
            max=64,
            show_default=False,
        ),
    ] = None,
    balance: Annotated[
        float,
        typer.Option(
            help="How strongly clusters are asked to be used alike; 1 where a few take most of "
            "the images.",
            min=0,
            max=10,
        ),
    ] = 0.0,
    schedule: Annotated[
        Schedule | None,
        typer.Option(
            help="DiRA: how its parts are added. Left out: stepwise, one after the other.",
            show_default=False,
        ),
    ] = None,
    parts: Annotated[
        Parts | None,
        typer.Option(
            help="DiRA: discrimination (di) or restoration (res) alone, both (dir), or with the "
            "adversary (dira). Left out: dira.",
            show_default=False,
        ),
    ] = None,
    centre_sensitive: Annotated[
        bool,
        typer.Option(
            "--centre-sensitive", help="grid: a patch's feature speaks mostly for its centre."
        ),
    ] = False,
    channels: Annotated[
        int, typer.Option(help="What is learned from: 1 (grey) or 3 (colour).", min=1, max=3)
    ] = 1,
    upright: Annotated[
        bool,
        typer.Option(
            help="The images have a known way up: no flips, small rotations. --no-upright for "
            "fundus photographs and the like."
        ),
    ] = True,
    device: DeviceOption = "auto",
    seed: Annotated[int, typer.Option(help="Seed of everything random.", min=0)] = 0,
    background: BackgroundFlag = False,
    forecast: Annotated[
        bool,
        typer.Option("--forecast", help="Tell time, memory and disk, and start nothing."),
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Pretrain a dense encoder on unlabelled images."""
    from medssl.embed.dimension import choose_ndim
    from medssl.jobs import PretrainRequest
    from medssl.pretrain import make_settings
    from medssl.processes import is_first_process

    listing = find_images(images)
    settings = make_settings(
        recipe=recipe.value,
        preset=preset.value,
        form=form.value if form else None,
        schedule=schedule.value if schedule else None,
        parts=parts.value if parts else None,
        ndim=choose_ndim(listing.sources),
        channels=channels,
        upright=upright,
        clusters=clusters,
        balance=balance,
        centre_sensitive=centre_sensitive,
        net=net.value if net else None,
        width=width,
        longest_side=side,
        minutes=minutes,
        steps=steps,
        batch=batch,
        device=device,
        seed=seed,
    )
    if forecast:
        print_forecast(listing.sources, settings, background, json)
        return
    request = PretrainRequest(images=tuple(map(str, images)), settings=settings)
    folder = do_or_start(request, run, "Pretraining", background, json, listing)
    if folder is not None and is_first_process():
        _tell_result(folder, json)


def _tell_result(folder: Path, json: bool) -> None:
    from medssl.pretrain.result import read_result
    from medssl.runs import RunFolder

    run = RunFolder(folder)
    result = read_result(run)
    inputs = (run.read_job() or {}).get("inputs", [])
    if json:
        logs = [event for event in run.events() if event["kind"] == "log"]
        notes = [event["message"] for event in logs if event.get("level") == "note"]
        left_out = [event for event in logs if event.get("level") == "left out"]
        print_json(
            {
                "run": folder,
                "model": result.model_folder,
                "steps": result.steps,
                "seconds": result.seconds,
                "warnings": list(dict.fromkeys([*notes, *result.warnings])),
                "images": len(inputs),
                "left_out": [{"path": e["path"], "message": e["message"]} for e in left_out],
            }
        )
        return
    out.print(
        f"{result.steps} steps on {len(inputs)} images in {result.seconds:.0f} s."
        f" Model: {result.model_folder}",
        markup=False,
        soft_wrap=True,
    )
