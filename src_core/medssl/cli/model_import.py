"""``medssl model import``: weights that were trained elsewhere become a model folder."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from medssl.cli.bars import working
from medssl.cli.images import find_images, prepare
from medssl.cli.output import JsonFlag, out, print_json, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from medssl.importing import ImportedModel, ImportSettings

_SHOWN = 6


class Arch(StrEnum):
    """Families and sizes of nets."""

    RESNET18 = "resnet18"
    RESNET50 = "resnet50"
    PLAIN = "plain"
    VGG_TINY = "vgg-tiny"
    VGG_SMALL = "vgg-small"
    VGG_FULL = "vgg-full"


class Norm(StrEnum):
    """Values that weights were trained on."""

    AUTO = "auto"
    IMAGENET = "imagenet"
    UNIT = "unit"
    OWN = "own"


def import_model(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A .safetensors file, or one of torch.save that holds tensors alone.",
            show_default=False,
            readable=False,
        ),
    ],
    arch: Annotated[Arch, typer.Option(help="The net that the weights are of.")],
    folder: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Model folder to write, a new one.")
    ],
    width: Annotated[
        int | None,
        typer.Option(metavar="W", help="Channels of the first level (resnet 64, plain 16).", min=1),
    ] = None,
    ndim: Annotated[int, typer.Option(help="2: pictures, 3: volumes.", min=2, max=3)] = 2,
    channels: Annotated[int, typer.Option(metavar="1|3", help="1: grey, 3: colour.")] = 1,
    longest_side: Annotated[
        int | None,
        typer.Option(metavar="PX", help="Pictures: longest side of the working grid (256)."),
    ] = None,
    spacing_mm: Annotated[
        float | None, typer.Option(metavar="MM", help="Volumes: size of a working voxel.")
    ] = None,
    stride: Annotated[
        int | None,
        typer.Option(metavar="S", help="Working voxels an embedding cell; else what fits best."),
    ] = None,
    input_norm: Annotated[
        Norm,
        typer.Option(
            help="Values that the weights were trained on: ImageNet's mean and deviation, 0 to 1, "
            "or -1 to 1 as medssl's own."
        ),
    ] = Norm.AUTO,
    images: Annotated[
        Path | None,
        typer.Option(
            "--images",
            metavar="FOLDER",
            help="Standardise the embedding over these images; for weights without a trained head.",
        ),
    ] = None,
    licence: Annotated[
        str, typer.Option(metavar="TEXT", help="Licence of the weights, for the card.")
    ] = "not stated",
    json: JsonFlag = False,
) -> None:
    """Turn weights that were trained elsewhere into a model folder."""
    from medssl.importing import import_weights, make_settings, require_free

    settings = make_settings(
        arch=arch.value,
        width=width,
        ndim=ndim,
        channels=channels,
        longest_side=longest_side,
        spacing_mm=spacing_mm,
        stride=stride,
        input_norm=input_norm.value,
        licence=licence,
    )
    require_free(folder)
    model = import_weights(file, settings)
    if images is not None:
        _standardise(model, images, settings)
    model.save(folder)
    result = {"model": folder, **model.report()}
    if json:
        print_json(result)
    else:
        _show(result)


def _standardise(model: ImportedModel, images: Path, settings: ImportSettings) -> None:
    model.require_standardised()
    prepared = prepare(find_images([images]).sources, settings.prepare)
    cases = prepared.cases
    with working("Standardising the embedding") as report:

        def arrays() -> Iterator[NDArray[Any]]:
            for number, case in enumerate(cases):
                report(number, len(cases), case.key)
                yield case.array

        model.standardise(arrays())
        report(len(cases), len(cases), "")


def _show(result: dict[str, Any]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("part")
    table.add_column("from the file", justify="right")
    for part, (found, of) in result["parts"].items():
        table.add_row(part, f"{found} of {of}")
    table.add_row("not used of the file", str(len(result["unmatched_in_file"])))
    out.print(table)
    for words, names in (
        ("not used", result["unmatched_in_file"]),
        ("left random", result["left_random"]),
    ):
        if names:
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            say(f"{words}: {', '.join(names[:_SHOWN])}{more}")
    for note in result["notes"]:
        say(note)
    out.print(
        f"{result['model']}: {result['matched']} tensors of {result['source']}"
        f" ({result['naming']} names), {result['channels']} channels, a cell every"
        f" {result['stride']} working voxels",
        markup=False,
        soft_wrap=True,
    )
