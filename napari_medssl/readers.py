"""Reader of the manifest: every format of `medssl.io`, with its geometry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from napari_medssl.layers import LayerData, image_to_layer

PathOrPaths = str | Sequence[str]


def get_reader(path: PathOrPaths) -> Callable[[PathOrPaths], list[LayerData]]:
    """Accept whatever the manifest's patterns let through; the reader itself may refuse it."""
    del path
    return read


def read(path: PathOrPaths) -> list[LayerData]:
    """Read files or folders into napari layers.

    A folder of DICOM series gives one layer a series, a folder of pictures one layer a picture.

    Raises
    ------
    medssl.errors.FileRefusedError
        If a file cannot be read, or a folder holds no image: says which and what to do.
    """
    from medssl.io import read_folder, read_images

    paths = [path] if isinstance(path, str) else list(path)
    layers: list[LayerData] = []
    for one in paths:
        if Path(one).is_dir():
            images, problems = read_folder(one)
            _tell("left out", [problem.message for problem in problems])
        else:
            images = read_images(one)
        for image in images:
            _tell(image.name, image.warnings)
            layers.append(image_to_layer(image))
    return layers


def _tell(name: str, warnings: Sequence[str]) -> None:
    """Show what a person must know about an image as napari's notifications."""
    if not warnings:
        return
    from napari.utils.notifications import show_warning

    for warning in warnings:
        text: Any = f"{name}: {warning}"
        show_warning(text)
