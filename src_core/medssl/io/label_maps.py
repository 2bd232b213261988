"""Segmentations as plain label maps: NIfTI, NRRD, MetaImage; names and colours stay behind."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from medssl.errors import FileRefusedError, SettingsError
from medssl.io._atomic import refuse_existing
from medssl.io.image import Image
from medssl.io.reading import read_image
from medssl.io.segmentation import Segmentation
from medssl.io.writing import write_image

_log = logging.getLogger(__name__)


def write_label_map(path: Path, segmentation: Segmentation, overwrite: bool = False) -> Path:
    """Write a segmentation as a label map in the format that the extension of `path` names.

    Raises
    ------
    FileRefusedError
        If there is such a file already and `overwrite` is False, or the format cannot hold it.
    SettingsError
        If segments overlap.
    StorageError
        If it cannot be written.
    """
    refuse_existing(path, overwrite)
    flat = segmentation.flat()
    image = Image(flat.layers[0], flat.grid, "yx" if flat.grid.ndim == 2 else "zyx", path.name)
    meanings = ", ".join(f"{segment.label} = {segment.name}" for segment in flat.segments)
    write_image(image, path)
    _log.info("%s: the format keeps no names of labels: %s", path, meanings)
    return path


def read_label_map(path: Path, names: Mapping[int, str] | Sequence[str] = ()) -> Segmentation:
    """Read an image of whole numbers as a segmentation; `names` as in `from_labels`.

    Raises
    ------
    FileRefusedError
        If it cannot be read or is no label map.
    """
    image = read_single(path)
    try:
        return Segmentation.from_labels(image.array, image.grid, names)
    except SettingsError as error:
        raise FileRefusedError(path, str(error), "Give a label map.") from error


def read_single(path: Path) -> Image:
    """Read an image of one number a voxel.

    Raises
    ------
    FileRefusedError
        If it cannot be read, is in colour or has time points.
    """
    image = read_image(path)
    if image.is_colour or image.frames > 1:
        what = "in colour" if image.is_colour else f"of {image.frames} frames"
        raise FileRefusedError(path, f"it is an image {what}", "Give a label map or a map.")
    return image
