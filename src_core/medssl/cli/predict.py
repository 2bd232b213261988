"""``medssl predict``: what a fine-tuned net says of images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medssl.cli.bars import working
from medssl.cli.images import DeviceOption, Images, find_images, left_out, prepare
from medssl.cli.output import JsonFlag, out, print_json


def predict(
    images: Images,
    model: Annotated[
        Path,
        typer.Option(
            "--model",
            metavar="FOLDER",
            help="What `medssl finetune` wrote.",
            show_default=False,
        ),
    ],
    folder: Annotated[
        Path,
        typer.Option("--out", metavar="FOLDER", help="Where the predictions are written."),
    ],
    device: DeviceOption = "auto",
    json: JsonFlag = False,
) -> None:
    """Predict classes or masks of new images with a fine-tuned net."""
    from medssl.transfer import (
        TrainedClassifier,
        load_trained,
        require_no_predictions,
        write_classes,
        write_masks,
    )
    from medssl.transfer.predictions import CLASSES_NAME

    require_no_predictions(folder)
    trained, card = load_trained(model, device)
    listing = find_images(images)
    prepared = prepare(listing.sources, card.input)
    folder.mkdir(parents=True, exist_ok=True)
    with working("Predicting") as report:
        if isinstance(trained, TrainedClassifier):
            found = trained.predict(prepared.cases, report)
            table = folder / CLASSES_NAME
            path = write_classes(table, prepared.cases, found, card.names, card.exclusive)
        else:
            path = write_masks(folder, prepared.cases, trained, card.names, progress=report)
    if json:
        print_json(
            {
                "predictions": path,
                "task": card.task,
                "names": card.names,
                "images": len(prepared.cases),
                "warnings": [*listing.notes, *prepared.warnings],
                "left_out": left_out(listing, prepared),
            }
        )
        return
    count = "1 image" if len(prepared.cases) == 1 else f"{len(prepared.cases)} images"
    out.print(f"{count}: {path}. Not for diagnosis.", markup=False, soft_wrap=True)
