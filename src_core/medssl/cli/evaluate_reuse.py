"""``medssl evaluate reuse``: which levels of a net a fine-tuning leaves as they were."""

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


def reuse(
    images: Images,
    targets: Targets,
    folder: WorkOption,
    methods: MethodsOption = "random,dira-moco:di,dira-moco",
    model: ModelsOption = None,
    label: LabelOption = None,
    structures: StructuresOption = None,
    groups: GroupsOption = None,
    labelled: Annotated[
        str, typer.Option(metavar="N|P%|all", help="Labelled images, of each class.")
    ] = "all",
    seeds: Annotated[int, typer.Option(help="Fine-tunings.", min=1)] = 2,
    minutes: MinutesOption = None,
    steps: StepsOption = None,
    finetune_steps: FinetuneStepsOption = None,
    finetune_crop: CropOption = None,
    net: NetOption = None,
    width: WidthOption = None,
    longest_side: SideOption = 128,
    upright: UprightOption = True,
    device: DeviceOption = "auto",
    json: JsonOption = None,
) -> None:
    """Compare features before and after fine-tuning, level by level (linear CKA)."""
    from medssl.evaluate.transfer import evaluate_reuse

    compare(
        evaluate_reuse,
        show_reuse,
        Given(images, targets, folder, label, structures, groups),
        json,
        methods=methods,
        models=model,
        labelled=(labelled,),
        seeds=seeds,
        pretrain_minutes=pretrain_minutes(minutes, steps, quick=False),
        pretrain_steps=steps,
        finetune_steps=finetune_steps,
        finetune_crop=finetune_crop,
        net=net,
        width=width,
        longest_side=longest_side,
        upright=upright,
        device=device,
    )


def show_reuse(result: dict[str, Any]) -> None:
    """Print a line a method, a column a level."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("linear CKA, before and after")
    strides = sorted({stride for row in result["rows"] for stride in row["strides"]})
    for stride in strides:
        table.add_column(f"stride {stride}", justify="right")
    for row in result["rows"]:
        known = dict(zip(row["strides"], row["levels"], strict=True))
        cells = (f"{known[stride]:.3f}" if stride in known else "–" for stride in strides)
        table.add_row(row["method"], *cells)
    out.print(table)
