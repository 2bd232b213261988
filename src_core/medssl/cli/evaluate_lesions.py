"""``medssl evaluate lesions``: maps from labels of whole images, scored against masks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from medssl.cli.bars import working
from medssl.cli.comparing import read_groups
from medssl.cli.images import DeviceOption, Images, find_images
from medssl.cli.lesion_options import (
    BaseOption,
    Effort,
    EffortOption,
    Features,
    FeaturesOption,
    LabelOption,
    Labels,
    Maps,
    MethodOption,
    MirrorOption,
    NormalOption,
    Pool,
    PoolingOption,
    SeedOption,
    SlicedOption,
    StepsOption,
    StrideOption,
)
from medssl.cli.output import out, print_json, say, write_json

_COLUMNS = {
    "auc": "AUC",
    "pointing": "pointing",
    "iou_at_tuned": "IoU",
    "iou_otsu": "Otsu",
    "box_iou_0.3": "box .3",
    "box_iou_0.5": "box .5",
    "false_positives_per_image": "false",
}


def lesions(
    images: Images,
    labels: Labels,
    masks: Annotated[
        Path,
        typer.Argument(
            metavar="MASKS",
            help="Folder of <image stem>.<ext> or <image stem>__<structure>.<ext>: for scoring "
            "only.",
            show_default=False,
        ),
    ],
    label: LabelOption = None,
    normal: NormalOption = "normal",
    model: BaseOption = "random",
    folds: Annotated[int, typer.Option(metavar="K", help="Parts of the images.", min=2)] = 5,
    seed: SeedOption = 0,
    labels_per_class: Annotated[
        int | None,
        typer.Option(metavar="N", help="Learn from so many of each class only.", min=2),
    ] = None,
    groups: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="image,group: what stays in one part."),
    ] = None,
    method: MethodOption = Maps.LAYERCAM,
    effort: EffortOption = Effort.QUICK,
    steps: StepsOption = None,
    pooling: PoolingOption = Pool.LOG_SUM_EXP,
    features: FeaturesOption = Features.ENCODER,
    stride: StrideOption = None,
    slices: SlicedOption = False,
    mirror: MirrorOption = True,
    device: DeviceOption = "auto",
    keep: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Keep the answers of finished parts here: the same command goes on from there.",
            file_okay=False,
        ),
    ] = None,
    json: Annotated[
        Path | None,
        typer.Option("--json", metavar="OUT", help="Write the result here; - for stdout."),
    ] = None,
) -> None:
    """Fit without each part of the images, and score answers and maps on that part."""
    from medssl.cli.lesions import make_settings
    from medssl.evaluate.lesions import LesionTrial, evaluate_lesions
    from medssl.lesions.run import open_base_for

    listing = find_images(images)
    base = open_base_for(listing.sources, model, slices)
    settings = make_settings(
        base.architecture.ndim, effort, steps, pooling, features, stride, 4, mirror, device, seed
    )
    trial = LesionTrial(
        model, folds, seed, labels_per_class, method.value, slices, settings, device
    )
    with working("Evaluating") as report:
        result = evaluate_lesions(
            listing,
            labels,
            masks,
            trial,
            label or ("label",),
            normal,
            read_groups(groups, listing.sources),
            keep=keep,
            progress=report,
        )
    told = {problem.message for problem in listing.problems}
    for problem in result["problems"]:
        if problem not in told:
            say(f"left out: {problem}")
    for note in result["notes"]:
        say(note)
    if str(json) == "-":
        print_json(result)
        return
    if json is not None:
        write_json(json, result)
    show_lesions(result)


def show_lesions(result: dict[str, Any]) -> None:
    """Print a table a block, a line for the method and each control."""
    for block in (name for name, value in result.items() if _is_block(value)):
        rows = result[block]
        table = Table(box=None, header_style="bold", pad_edge=False)
        first = rows["method"]
        table.add_column(f"{block}: {first['positives']} of {first['images']}", no_wrap=True)
        for heading in _COLUMNS.values():
            table.add_column(heading, justify="right", no_wrap=True)
        for name, values in rows.items():
            cells = ("–" if values[one] is None else f"{values[one]:.3f}" for one in _COLUMNS)
            table.add_row(result["map"] if name == "method" else name, *cells)
        out.print(table)
        if "auc_among_lesions" in first and first["auc_among_lesions"] is not None:
            out.print(f"AUC among images with a lesion: {first['auc_among_lesions']:.3f}")
    out.print(
        "IoU at the threshold tuned on the other parts; box .3: share of boxes that overlap so "
        "far; false: regions an image beside every mask. Masks were read for scoring only. Not "
        "for diagnosis.",
        soft_wrap=True,
    )


def _is_block(value: Any) -> bool:
    return isinstance(value, dict) and "method" in value and "saliency" in value
