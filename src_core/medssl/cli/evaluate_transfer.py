"""``medssl evaluate transfer`` and ``reuse``: what pretrainings are worth with few labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from medssl.cli.bars import working
from medssl.cli.finetune import UprightOption
from medssl.cli.images import DeviceOption, Images, find_images
from medssl.cli.output import out, print_json, say, write_json
from medssl.errors import SettingsError

if TYPE_CHECKING:
    from medssl.evaluate.transfer import TransferRequest

QUICK_MINUTES, MINUTES = 2.5, 8.0
QUICK_SEEDS, SEEDS = 3, 5

Targets = Annotated[
    Path,
    typer.Argument(
        metavar="LABELS.csv|MASKS",
        help="A table image,label (classification) or a folder of masks (segmentation).",
        show_default=False,
    ),
]
WorkOption = Annotated[
    Path,
    typer.Option(
        "--out",
        metavar="FOLDER",
        help="Where trainings and cells are kept: the same command goes on where it was.",
    ),
]
MethodsOption = Annotated[
    str | None,
    typer.Option(
        "--methods",
        metavar="A,B,...",
        help="Recipes, each with ablation and schedule after colons: random,ld,dira-moco,"
        "dira-moco:di,dira-barlow:joint. Left out: all of them.",
        show_default=False,
    ),
]
ModelsOption = Annotated[
    list[str] | None,
    typer.Option("--model", metavar="NAME=DIR", help="A model folder to compare beside."),
]
LabelOption = Annotated[
    list[str] | None,
    typer.Option("--label", metavar="COLUMN", help="Column of the class, or of findings 0 and 1."),
]
StructuresOption = Annotated[
    str | None,
    typer.Option(metavar="NAME=PART+PART,...", help="Structures of masks put together."),
]
GroupsOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE.csv", help="image,group: what stays on one side of the split."),
]
MinutesOption = Annotated[
    float | None, typer.Option("--minutes", help="Length of each pretraining.", min=0.05)
]
StepsOption = Annotated[
    int | None,
    typer.Option("--steps", help="The same in steps: independent of the machine.", min=1),
]
FinetuneStepsOption = Annotated[
    int | None, typer.Option(help="Steps of each fine-tuning.", min=2, show_default=False)
]
NetOption = Annotated[
    str | None,
    typer.Option(help="resnet18 (of pictures), resnet50, plain (of volumes), vgg."),
]
WidthOption = Annotated[
    int | None, typer.Option(help="Of its finest level.", min=4, show_default=False)
]
SideOption = Annotated[
    int, typer.Option(metavar="PIXELS", help="Pictures: longest side of the working grid.", min=32)
]
JsonOption = Annotated[
    Path | None,
    typer.Option("--json", metavar="OUT", help="Write the result here; - for stdout."),
]


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
    from medssl.transfer import parse_structures

    listing = find_images(images)
    request = _request(
        methods=methods,
        models=model,
        labelled=tuple(part.strip() for part in labelled.split(",")),
        seeds=seeds or (QUICK_SEEDS if quick else SEEDS),
        pretrain_minutes=_minutes(minutes, steps, quick),
        pretrain_steps=steps,
        finetune_steps=finetune_steps,
        net=net,
        width=width,
        longest_side=longest_side,
        upright=upright,
        device=device,
        volumes=_are_volumes(listing.sources),
    )
    with working("Comparing") as report:
        result = evaluate_transfer(
            listing,
            targets,
            folder,
            request,
            columns=label or ("label",),
            structures=parse_structures(structures) if structures else None,
            groups=_groups(groups, listing.sources),
            progress=report,
        )
    for note in result["notes"]:
        say(note)
    if str(json) == "-":
        print_json(result)
        return
    if json is not None:
        write_json(json, result)
    show_transfer(result)


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

    listing = find_images(images)
    request = _request(
        methods=methods,
        models=model,
        labelled=(labelled,),
        seeds=seeds,
        pretrain_minutes=_minutes(minutes, steps, quick=False),
        pretrain_steps=steps,
        finetune_steps=finetune_steps,
        net=net,
        width=width,
        longest_side=longest_side,
        upright=upright,
        device=device,
        volumes=_are_volumes(listing.sources),
    )
    with working("Comparing") as report:
        result = evaluate_reuse(
            listing,
            targets,
            folder,
            request,
            columns=label or ("label",),
            structures=parse_structures(structures) if structures else None,
            groups=_groups(groups, listing.sources),
            progress=report,
        )
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
    for stride in result["strides"]:
        table.add_column(f"stride {stride}", justify="right")
    for row in result["rows"]:
        table.add_row(row["method"], *(f"{value:.3f}" for value in row["levels"]))
    out.print(table)


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
        f"{result['tested']} tested images that no training saw. In brackets: gain over random "
        "weights with its paired 95 % interval over cases and seeds; * where it excludes 0.",
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


def _request(
    methods: str | None, models: list[str] | None, volumes: bool, **values: Any
) -> TransferRequest:
    from medssl.evaluate.transfer import default_methods, make_transfer_request

    chosen = default_methods(volumes)
    if methods is not None:
        chosen = tuple(part.strip() for part in methods.split(","))
    named = {}
    for text in models or ():
        name, equals, path = text.partition("=")
        if not (name and equals and path):
            raise SettingsError(f"--model {text!r} is not of the form NAME=DIR")
        named[name] = path
    return make_transfer_request(methods=chosen, models=named, **values)


def _minutes(minutes: float | None, steps: int | None, quick: bool) -> float | None:
    if minutes is not None or steps is not None:
        return minutes
    return QUICK_MINUTES if quick else MINUTES


def _are_volumes(sources: Any) -> bool:
    from medssl.embed.dimension import choose_ndim

    return choose_ndim(sources) == 3


def _groups(path: Path | None, sources: Any) -> dict[str, str] | None:
    from medssl.io.naming import find_named
    from medssl.io.tables import table_rows

    if path is None:
        return None
    found = {}
    for _, row in table_rows(path, ("image", "group")):
        source = find_named(row["image"], sources, path)
        if source is not None and row["group"]:
            found[source.key] = row["group"]
    return found
