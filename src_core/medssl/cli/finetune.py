"""``medssl finetune``: labels and masks of a few images teach a pretrained net."""

from __future__ import annotations

import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medssl.cli.bars import working
from medssl.cli.images import DeviceOption, Images, find_images, left_out, prepare
from medssl.cli.output import JsonFlag, out, print_json, say

if TYPE_CHECKING:
    from medssl.io import ImageListing
    from medssl.prepare import PreparedCohort
    from medssl.transfer import Base, FinetunedCard, FinetuneSettings

finetune = typer.Typer(
    no_args_is_help=True, help="Teach a pretrained net classes or masks from a few labelled images."
)


class Effort(StrEnum):
    """Named settings."""

    QUICK = "quick"
    STANDARD = "standard"
    PAPER = "paper"


BaseOption = Annotated[
    str,
    typer.Option(
        "--model",
        metavar="DIR|random",
        help="Model folder or run folder to begin with; 'random' is a small net that knows "
        "nothing, for comparison.",
        show_default=False,
    ),
]
FolderOption = Annotated[
    Path,
    typer.Option("--out", metavar="FOLDER", help="Where net and predictions are written."),
]
LabelledOption = Annotated[
    str,
    typer.Option(
        "--labelled",
        metavar="N|P%|all",
        help="Learn from so many labelled images only (of classes: of each).",
    ),
]
EffortOption = Annotated[Effort, typer.Option(help="Named settings.")]
StepsOption = Annotated[
    int | None, typer.Option(help="Steps. Left out: the effort's.", min=2, show_default=False)
]
UprightOption = Annotated[
    bool,
    typer.Option(help="The images have a known way up: no flips, small rotations."),
]
SeedOption = Annotated[int, typer.Option(help="Seed of everything random.", min=0)]


@finetune.callback()
def _finetune() -> None:
    """Teach a pretrained net classes or masks from a few labelled images."""


@finetune.command()
def classify(
    images: Images,
    labels: Annotated[
        Path,
        typer.Argument(
            metavar="LABELS.csv",
            help="Columns image,label. An empty label is none; all images are predicted.",
            show_default=False,
        ),
    ],
    model: BaseOption,
    folder: FolderOption,
    label: Annotated[
        list[str] | None,
        typer.Option(
            "--label",
            metavar="COLUMN",
            help="Column of the class; several for findings of 0 and 1.",
        ),
    ] = None,
    labelled: LabelledOption = "all",
    effort: EffortOption = Effort.QUICK,
    steps: StepsOption = None,
    upright: UprightOption = True,
    device: DeviceOption = "auto",
    seed: SeedOption = 0,
    json: JsonFlag = False,
) -> None:
    """Learn classes or findings of whole images, and predict them for all images."""
    import numpy as np

    from medssl.transfer import (
        draw_labelled,
        finetune_classifier,
        make_card,
        read_labels,
        save_trained,
        write_classes,
    )
    from medssl.transfer.predictions import CLASSES_NAME

    _require_new(folder, labelled)
    listing = find_images(images)
    table = read_labels(labels, listing.sources, label or ("label",))
    for note in table.notes:
        say(note)
    base, prepared = _open(listing, model)
    by_key = {case.key: case for case in prepared.cases}
    keys = draw_labelled(table.strata(), labelled, seed, by_key)
    settings = _settings(effort, steps, base, upright, device, seed)
    begun = time.monotonic()
    with working("Learning") as report:
        trained = finetune_classifier(
            [by_key[key] for key in keys],
            np.stack([table.targets[key] for key in keys]),
            table.exclusive,
            base.architecture,
            base.net,
            settings,
            report,
        )
    seconds = time.monotonic() - begun
    card = make_card(trained, table.names, base, prepared, settings, len(keys), seconds)
    save_trained(folder, trained, card)
    with working("Predicting") as report:
        found = trained.predict(prepared.cases, report)
    path = folder / CLASSES_NAME
    write_classes(path, prepared.cases, found, table.names, table.exclusive, keys)
    if json:
        notes = (*listing.notes, *table.notes, *prepared.warnings)
        _print_json(folder, path, card, notes, left_out(listing, prepared))
    else:
        _tell(folder, path, card)


@finetune.command()
def segment(
    images: Images,
    masks: Annotated[
        Path,
        typer.Argument(
            metavar="MASKS",
            help="Folder of <image stem>.<ext> or <image stem>__<structure>.<ext>. "
            "All images are predicted.",
            show_default=False,
        ),
    ],
    model: BaseOption,
    folder: FolderOption,
    structures: Annotated[
        str | None,
        typer.Option(
            metavar="NAME=PART+PART,...",
            help="Structures put together: lungs=left_lung+right_lung, or anterior=1.",
        ),
    ] = None,
    labelled: LabelledOption = "all",
    effort: EffortOption = Effort.QUICK,
    steps: StepsOption = None,
    upright: UprightOption = True,
    device: DeviceOption = "auto",
    seed: SeedOption = 0,
    json: JsonFlag = False,
) -> None:
    """Learn masks of structures, and predict them for all images."""
    from medssl.transfer import (
        draw_labelled,
        find_masks,
        images_with_masks,
        learn_outlines,
        parse_structures,
    )

    _require_new(folder, labelled)
    wanted = parse_structures(structures) if structures else None
    listing = find_images(images)
    base, prepared = _open(listing, model)
    found = find_masks(masks, prepared.cases, wanted)
    known = images_with_masks(prepared, found)
    keys = draw_labelled({"masks": known}, labelled, seed, known)
    settings = _settings(effort, steps, base, upright, device, seed)
    with working("Learning") as report:
        path, card = learn_outlines(folder, prepared, found, keys, base, settings, report)
    if json:
        notes = (*listing.notes, *prepared.warnings)
        _print_json(folder, path, card, notes, left_out(listing, prepared))
    else:
        _tell(folder, path, card)


def _require_new(folder: Path, labelled: str) -> None:
    """Refuse what can be refused before anything is read."""
    from medssl.transfer import require_free, require_no_predictions
    from medssl.transfer.draw import require_amount

    require_no_predictions(require_free(folder))
    require_amount(labelled)


def _open(listing: ImageListing, model: str) -> tuple[Base, PreparedCohort]:
    from medssl.embed.dimension import choose_ndim
    from medssl.transfer import open_base
    from medssl.transfer.base import RANDOM

    ndim = choose_ndim(listing.sources, *([] if model == RANDOM else [model]))
    base = open_base(model, 3 if ndim == 3 else 2)
    return base, prepare(listing.sources, base.input)


def _settings(
    effort: Effort, steps: int | None, base: Base, upright: bool, device: str, seed: int
) -> FinetuneSettings:
    from medssl.transfer import FinetuneSettings

    settings = FinetuneSettings.preset(effort.value, base.input.ndim, upright, device, seed)
    return settings if steps is None else settings.model_copy(update={"steps": steps})


def _print_json(
    folder: Path,
    path: Path,
    card: FinetunedCard,
    notes: Sequence[str],
    unused: Sequence[dict[str, Any]],
) -> None:
    told = {"folder": folder, "predictions": path, "warnings": notes, "left_out": unused}
    print_json(told | card.model_dump(mode="json"))


def _tell(folder: Path, path: Path, card: FinetunedCard) -> None:
    start = (
        f"{card.transferred} tensors of {card.base['folder']}" if card.base else "random weights"
    )
    out.print(
        f"Learned {', '.join(card.names)} from {card.learned_from} images in {card.seconds:.0f} s, "
        f"beginning with {start}. Net: {folder}. Predictions: {path}. Not for diagnosis.",
        markup=False,
        soft_wrap=True,
    )
