"""``medssl predict``: what a fine-tuned net says of images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medssl.cli.bars import working
from medssl.cli.images import DeviceOption, Images, find_images, prepare
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
    from medssl.errors import StorageError
    from medssl.transfer import TrainedClassifier, load_trained, write_classes, write_masks
    from medssl.transfer.predictions import CLASSES_NAME, SIZES_NAME

    trained, card = load_trained(model, device)
    for name in (CLASSES_NAME, SIZES_NAME):
        if (folder / name).exists():
            raise StorageError(
                f"{folder / name}: it is there already and is not replaced. Name another folder."
            )
    listing = find_images(images)
    prepared = prepare(listing.sources, card.input)
    folder.mkdir(parents=True, exist_ok=True)
    with working("Predicting") as report:
        if isinstance(trained, TrainedClassifier):
            found = trained.predict(prepared.cases, report)
            path = write_classes(folder / CLASSES_NAME, prepared.cases, found, card.names)
        else:
            path = write_masks(folder, prepared.cases, trained, card.names, progress=report)
    if json:
        print_json({"predictions": path, "images": len(prepared.cases), "names": card.names})
    else:
        out.print(
            f"{len(prepared.cases)} images: {path}. Not for diagnosis.",
            markup=False,
            soft_wrap=True,
        )
