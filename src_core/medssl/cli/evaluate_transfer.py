"""``medssl evaluate transfer``: what pretrainings are worth with few labels."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from medssl.cli.comparing import Given, compare, pretrain_minutes
from medssl.cli.comparison_options import (
    CropOption,
    FinetuneStepsOption,
    GroupsOption,
    JsonOption,
    LabelOption,
    MethodsOption,
    MinutesOption,
    ModelsOption,
    NetOption,
    SideOption,
    StepsOption,
    StructuresOption,
    Targets,
    WidthOption,
    WorkOption,
)
from medssl.cli.finetune import UprightOption
from medssl.cli.images import DeviceOption, Images
from medssl.cli.output import out

QUICK_SEEDS, SEEDS = 3, 5


def transfer(
    images: Images,
    targets: Targets,
    folder: WorkOption,
    methods: MethodsOption = None,
    model: ModelsOption = None,
    label: LabelOption = None,
    structures: StructuresOption = None,
    groups: GroupsOption = None,
    labelled: Annotated[
        str, typer.Option(metavar="N,P%,all", help="Labelled images, of each class.")
    ] = "5,10,all",
    seeds: Annotated[
        int | None, typer.Option(help="Draws of the labelled images.", min=1, show_default=False)
    ] = None,
    minutes: MinutesOption = None,
    steps: StepsOption = None,
    finetune_steps: FinetuneStepsOption = None,
    finetune_crop: CropOption = None,
    net: NetOption = None,
    width: WidthOption = None,
    longest_side: SideOption = 128,
    upright: UprightOption = True,
    quick: Annotated[
        bool, typer.Option("--quick", help="Shorter trainings, fewer seeds: under an hour.")
    ] = False,
    device: DeviceOption = "auto",
    json: JsonOption = None,
) -> None:
    """Compare pretrainings by what few labels give after them."""
    from medssl.evaluate.transfer import evaluate_transfer

    compare(
        evaluate_transfer,
        show_transfer,
        Given(images, targets, folder, label, structures, groups),
        json,
        methods=methods,
        models=model,
        labelled=tuple(part.strip() for part in labelled.split(",")),
        seeds=seeds or (QUICK_SEEDS if quick else SEEDS),
        pretrain_minutes=pretrain_minutes(minutes, steps, quick),
        pretrain_steps=steps,
        finetune_steps=finetune_steps,
        finetune_crop=finetune_crop,
        net=net,
        width=width,
        longest_side=longest_side,
        upright=upright,
        device=device,
    )


def show_transfer(result: dict[str, Any]) -> None:
    """Print a line a method, a column a number of labels."""
    rows = {(row["method"], row["labelled"]): row for row in result["rows"]}
    amounts = list(dict.fromkeys(row["labelled"] for row in result["rows"]))
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column(f"mean {result['metric']}")
    for amount in amounts:
        table.add_column(f"{amount} labels", justify="right")
    for method in dict.fromkeys(row["method"] for row in result["rows"]):
        table.add_row(method, *(_cell(rows.get((method, amount))) for amount in amounts))
    out.print(table)
    out.print(
        f"{result['tested']} tested images that no training here saw. In brackets: gain over "
        "random weights with its paired 95 % interval over cases and seeds; * where it excludes "
        "0.",
        markup=False,
        soft_wrap=True,
    )


def _cell(row: dict[str, Any] | None) -> str:
    if row is None:
        return "–"
    text = f"{row['value']:.3f}"
    if row["gain_interval"] is None:
        return text
    low, high = row["gain_interval"]
    sure = "*" if low > 0 or high < 0 else ""
    return f"{text} ({row['gain']:+.3f}, {low:+.3f} to {high:+.3f}){sure}"
