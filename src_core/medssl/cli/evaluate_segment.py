"""``medssl evaluate segment``: how well few known masks segment all other images."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from medssl.cli.bars import working
from medssl.cli.comparing import read_groups
from medssl.cli.images import INSTANT, DeviceOption, Images, find_images
from medssl.cli.output import out, print_json, say, write_json
from medssl.cli.segment_shape import (
    FieldsOption,
    Polarity,
    PolarityOption,
    PriorLabelOption,
    RegionsOption,
    RoundsOption,
)

if TYPE_CHECKING:
    from medssl.io import ImageSource


class Mode(StrEnum):
    """Ways to segment."""

    CLUSTERS = "clusters"
    FEW = "few"
    SHAPE = "shape"


class Reading(StrEnum):
    """How clusters are found."""

    KMEANS = "kmeans"
    ASSIGNMENT = "assignment"
    PROTOTYPES = "prototypes"


class Learner(StrEnum):
    """How few labels teach."""

    HEAD = "head"
    FINETUNE = "finetune"


ReadingOption = Annotated[
    Reading,
    typer.Option(help="Clusters by k-means on embeddings, or a model's own (--clusters)."),
]
CountOption = Annotated[
    int | None,
    typer.Option(
        "--clusters",
        metavar="K",
        help="Clusters of k-means. Left out: chosen.",
        min=2,
        max=512,
        show_default=False,
    ),
]


def segment(
    images: Images,
    masks: Annotated[
        Path,
        typer.Argument(
            metavar="MASKS",
            help="Folder of <image stem>.<ext> or <image stem>__<structure>.<ext>.",
            show_default=False,
        ),
    ],
    mode: Annotated[Mode, typer.Option(help="Way to segment.")] = Mode.CLUSTERS,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="DIR|instant|random|random:DIR|intensity|otsu|unet|frangi|sato",
            help="Model folder, run folder, the training-free descriptor, random weights (of few "
            "labels also in a model's own net); the "
            "controls of clusters, few labels and shapes. Left out: instant, of shapes random.",
            show_default=False,
        ),
    ] = None,
    prior: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="shape: masks of the shape, of other images."),
    ] = None,
    prior_label: PriorLabelOption = None,
    fields: FieldsOption = None,
    rounds: RoundsOption = 1,
    side: Annotated[
        int | None,
        typer.Option(
            metavar="PIXELS",
            help="Pictures: longest side to work at; shape (left out: 512), few by fine-tuning "
            "(left out: the model's).",
            min=32,
            show_default=False,
        ),
    ] = None,
    polarity: PolarityOption = Polarity.AUTO,
    regions: RegionsOption = False,
    structures: Annotated[
        str | None,
        typer.Option(metavar="NAME=PART+PART,...", help="Structures put together."),
    ] = None,
    shots: Annotated[int, typer.Option(metavar="N", help="Images with masks.", min=1)] = 1,
    seed: Annotated[int, typer.Option(metavar="S", help="Draws them.", min=0)] = 0,
    clusters: CountOption = None,
    reading: ReadingOption = Reading.KMEANS,
    learner: Annotated[
        Learner | None,
        typer.Option(
            help="few: a head on the embeddings, in seconds, or the whole net. Left out: finetune.",
            show_default=False,
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            help="few: steps of the fine-tuning (left out: 100). shape: steps against the "
            "adversary (left out: 600).",
            min=2,
            show_default=False,
        ),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            help="few: time of the fine-tuning, in place of steps.", min=1, show_default=False
        ),
    ] = None,
    coarse: Annotated[
        bool, typer.Option("--coarse", help="few: fine-tune for cells, not for finer detail.")
    ] = False,
    upright: Annotated[bool, typer.Option(help="The images have a known way up.")] = True,
    groups: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Columns image,group: what belongs together."),
    ] = None,
    spacing: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Pixel sizes: image,x_mm,y_mm[,z_mm]."),
    ] = None,
    device: DeviceOption = "auto",
    json: Annotated[
        Path | None,
        typer.Option("--json", metavar="OUT", help="Write the result here; - for stdout."),
    ] = None,
) -> None:
    """Learn from N images with masks, segment all others, and measure."""
    from medssl.evaluate.segmentation import evaluate_segmentation, make_request
    from medssl.transfer import parse_structures

    if model is None:
        model = "random" if mode == Mode.SHAPE else INSTANT
    request = make_request(
        model=model,
        mode=mode.value,
        shots=shots,
        seed=seed,
        clusters=clusters,
        reading=reading.value,
        learner=learner.value if learner else None,
        steps=steps,
        prior=str(prior) if prior else None,
        prior_label=prior_label,
        fields=str(fields) if fields else None,
        rounds=rounds,
        side=side,
        polarity=polarity.value,
        regions=regions,
        seconds=seconds,
        coarse=coarse,
        upright=upright,
        device=device,
    )
    wanted = parse_structures(structures) if structures else None
    listing = find_images(images)
    with working(f"Evaluating {model}") as report:
        result = evaluate_segmentation(
            listing,
            masks,
            request,
            wanted,
            spacing,
            read_groups(groups, listing.sources),
            progress=report,
            leave_out=_of_same_groups(groups, listing.sources) if mode == Mode.SHAPE else (),
        )
    told = {problem.message for problem in listing.problems}
    notes = result["learned"].get("notes", ())
    for note in (*result["problems"], *result["warnings"], *notes):
        if note not in told:
            say(note)
    if str(json) == "-":
        print_json(result)
        return
    if json is not None:
        write_json(json, result)
    show_segmentation(result)


def _of_same_groups(path: Path | None, sources: Sequence[ImageSource]) -> list[str]:
    """Return the stems of all images of a table that belong to the groups of the images."""
    from medssl.io.formats import extension
    from medssl.io.tables import table_rows

    if path is None:
        return []
    used = set((read_groups(path, sources) or {}).values())
    rows = [row for _, row in table_rows(path, ("image", "group"))]
    names = [Path(row["image"]) for row in rows if row["group"] in used]
    return [name.name[: len(name.name) - len(extension(name))] for name in names]


def show_segmentation(result: dict[str, Any]) -> None:
    """Print a line a structure, and the best single cluster beside the union."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("structure")
    headings = ["Dice", "IoU", "HD95 mm", "n"]
    beside = {"single": "Dice of one cluster", "before": "Dice before refinement"}
    for heading in headings + [title for key, title in beside.items() if key in result]:
        table.add_column(heading, justify="right")
    rows = result["per_structure"] | {"mean": {**result, "n": result["images"]}}
    singles = result.get("single", result.get("before"))
    for name, values in rows.items():
        cells = [_number(values[figure]) for figure in ("dice", "iou", "hd95_mm")]
        cells.append(str(values["n"]))
        if singles is not None:
            cells.append(_number((singles["per_structure"] | {"mean": singles})[name]["dice"]))
        table.add_row(name, *cells)
    out.print(table)
    shots = ", ".join(result["shots"]) or "no mask of these images"
    out.print(
        f"Learned from {shots}; {1000 * result['seconds_per_case']:.0f} ms an image.",
        markup=False,
        soft_wrap=True,
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
