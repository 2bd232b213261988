"""``medssl evaluate reuse``: which levels of a net a fine-tuning leaves as they were."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from medssl.cli.bars import working
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
    are_volumes,
    check_targets,
    comparison_request,
    pretrain_minutes,
    read_groups,
)
from medssl.cli.finetune import UprightOption
from medssl.cli.images import DeviceOption, Images, find_images
from medssl.cli.output import out, print_json, say, write_json


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
    from medssl.transfer import parse_structures

    check_targets(targets, label, structures)
    listing = find_images(images)
    request = comparison_request(
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
        volumes=are_volumes(listing.sources),
    )
    with working("Comparing") as report:
        result = evaluate_reuse(
            listing,
            targets,
            folder,
            request,
            columns=label or ("label",),
            structures=parse_structures(structures) if structures else None,
            groups=read_groups(groups, listing.sources),
            progress=report,
        )
    for note in result["notes"]:
        say(note)
    if str(json) == "-":
        print_json(result)
        return
    if json is not None:
        write_json(json, result)
    show_reuse(result)


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
