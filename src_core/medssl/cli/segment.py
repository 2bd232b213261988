"""``medssl segment``: structures with next to no outlines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medssl.cli.bars import working
from medssl.cli.evaluate_segment import CountOption, Reading, ReadingOption
from medssl.cli.finetune import Effort as Efforts
from medssl.cli.finetune import EffortOption, LabelledOption, SeedOption, StepsOption, UprightOption
from medssl.cli.images import (
    INSTANT,
    DeviceOption,
    Images,
    ModelOption,
    embed_images,
    find_images,
    left_out,
)
from medssl.cli.output import JsonFlag, out, print_json
from medssl.cli.segment_shape import shape

if TYPE_CHECKING:
    from medssl.io import ImageListing

segment = typer.Typer(
    no_args_is_help=True,
    help="Segment structures with next to no outlines: clusters, few labels, shapes.",
)

FolderOption = Annotated[
    Path, typer.Option("--out", metavar="FOLDER", help="Where the results are written.")
]
StructuresOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME=PART+PART,...",
        help="Structures put together: lungs=left_lung+right_lung, or anterior=1.",
    ),
]


@segment.callback()
def _segment() -> None:
    """Segment structures with next to no outlines: clusters, few labels, shapes."""


segment.command()(shape)


@segment.command()
def clusters(
    images: Images,
    folder: FolderOption,
    model: ModelOption = INSTANT,
    masks: Annotated[
        Path | None,
        typer.Option(
            metavar="MASKS",
            help="Masks of one or a few of the images: each structure becomes the union of "
            "clusters that fits them, in all images.",
        ),
    ] = None,
    structures: StructuresOption = None,
    count: CountOption = None,
    reading: ReadingOption = Reading.KMEANS,
    reuse: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Read the clusters of earlier results in these images, in place of new ones.",
            show_default=False,
        ),
    ] = None,
    level: Annotated[
        int | None,
        typer.Option(
            metavar="L",
            help="Structures of the label maps: clusters are merged until so many are left. Left "
            "out: 16, or all.",
            min=1,
            show_default=False,
        ),
    ] = None,
    upright: UprightOption = True,
    seed: SeedOption = 0,
    device: DeviceOption = "auto",
    json: JsonFlag = False,
) -> None:
    """Cluster a cohort without a label; the same value is the same structure in all images."""
    from medssl.embed.dimension import choose_ndim
    from medssl.segment.clusters import load_clusters, save_clusters
    from medssl.segment.clusters.storage import CLUSTERS_NAME
    from medssl.segment.run import open_clusters, write_organs, write_structures
    from medssl.transfer import find_masks, parse_structures

    _require_new(folder)
    if reuse is not None and (count is not None or reading is not Reading.KMEANS):
        raise typer.BadParameter("--reuse takes clusters as they are: no --clusters, no --reading")
    if structures and masks is None:
        raise typer.BadParameter("--structures joins masks: name their folder with --masks")
    wanted = parse_structures(structures) if structures else None
    listing = find_images(images)
    ndim = choose_ndim(listing.sources, model)
    embedded, _ = embed_images(listing.sources, model, ndim, device)
    found = find_masks(masks, embedded.prepared.cases, wanted) if masks else None
    if reuse is not None:
        made = load_clusters(reuse, embedded.embedder)
    else:
        with working("Clustering") as report:
            made = open_clusters(embedded, count, reading.value, upright, seed, report)
    save_clusters(folder / CLUSTERS_NAME, made, embedded.embedder)
    with working("Writing label maps") as report:
        shown = write_structures(folder, embedded, made, level, report)
    written = {"structures": shown}
    if found is not None:
        with working("Segmenting") as report:
            written["organs"] = write_organs(folder, embedded, made, found, report)
    if json:
        print_json(
            {
                "folder": folder,
                "clusters": made.tree.count,
                **written,
                "warnings": [*listing.notes, *embedded.prepared.warnings],
                "left_out": left_out(listing, embedded.prepared),
            }
        )
        return
    out.print(
        f"{made.tree.count} clusters in {len(embedded.cases)} images. "
        f"{'. '.join(f'{k.capitalize()}: {v}' for k, v in written.items())}. Not for diagnosis.",
        markup=False,
        soft_wrap=True,
    )


@segment.command()
def few(
    images: Images,
    masks: Annotated[
        Path,
        typer.Argument(
            metavar="MASKS",
            help="Folder of <image stem>.<ext> or <image stem>__<structure>.<ext> of a few images.",
            show_default=False,
        ),
    ],
    folder: FolderOption,
    model: ModelOption = INSTANT,
    structures: StructuresOption = None,
    finetune: Annotated[
        bool,
        typer.Option(
            "--finetune",
            help="Teach the whole net, as a job in the folder, in place of a head on embeddings.",
        ),
    ] = False,
    labelled: LabelledOption = "all",
    effort: EffortOption = Efforts.QUICK,
    steps: StepsOption = None,
    coarse: Annotated[
        bool,
        typer.Option(
            "--coarse",
            help="--finetune: organs wider than a cell of the model, in half of the time.",
        ),
    ] = False,
    side: Annotated[
        int | None,
        typer.Option(
            metavar="PIXELS",
            help="--finetune: pictures' longest side to work at, more for thin structures. Left "
            "out: the model's.",
            min=32,
            max=4096,
            show_default=False,
        ),
    ] = None,
    background: Annotated[
        bool, typer.Option("--background", help="--finetune: start it and return.")
    ] = False,
    upright: UprightOption = True,
    device: DeviceOption = "auto",
    seed: SeedOption = 0,
    json: JsonFlag = False,
) -> None:
    """Segment all images from masks of a few of them."""
    from medssl.transfer import parse_structures
    from medssl.transfer.draw import require_amount

    require_amount(labelled)
    wanted = parse_structures(structures) if structures else None
    listing = find_images(images)
    if finetune:
        from medssl.cli.segment_job import Asked, run_segment_job

        asked = Asked(model, labelled, effort.value, steps, coarse, side, upright, device, seed)
        run_segment_job(listing, images, masks, wanted, folder, asked, background, json)
        return
    if background or coarse or steps is not None or side is not None:
        raise typer.BadParameter("--background, --coarse, --side and --steps are for --finetune")
    _require_new(folder)
    _by_head(listing, masks, wanted, folder, model, labelled, upright, device, seed, json)


def _by_head(
    listing: ImageListing,
    masks: Path,
    structures: dict[str, tuple[str, ...]] | None,
    folder: Path,
    model: str,
    labelled: str,
    upright: bool,
    device: str,
    seed: int,
    json: bool,
) -> None:
    from medssl.embed.dimension import choose_ndim
    from medssl.segment.run import teach, write_taught
    from medssl.transfer import draw_labelled, find_masks, images_with_masks

    ndim = choose_ndim(listing.sources, model)
    embedded, _ = embed_images(listing.sources, model, ndim, device)
    found = find_masks(masks, embedded.prepared.cases, structures)
    known = images_with_masks(embedded.prepared, found)
    keys = draw_labelled({"masks": known}, labelled, seed, known)
    teacher = teach(embedded, found, keys, upright)
    with working("Segmenting") as report:
        table = write_taught(folder, embedded, teacher, keys, report)
    if json:
        print_json(
            {
                "folder": folder,
                "organs": table,
                "names": found.names,
                "learned_from": len(keys),
                "warnings": [*listing.notes, *embedded.prepared.warnings],
                "left_out": left_out(listing, embedded.prepared),
            }
        )
        return
    out.print(
        f"Learned {', '.join(found.names)} from {len(keys)} images. {table}. Not for diagnosis.",
        markup=False,
        soft_wrap=True,
    )


def _require_new(folder: Path) -> None:
    from medssl.segment.writing import require_nothing

    require_nothing(folder)
