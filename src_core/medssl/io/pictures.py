"""PNG and JPEG pictures: no geometry but their own pixels."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from medssl.errors import FileRefusedError
from medssl.geometry import Grid
from medssl.io._checks import DAMAGED, require_memory
from medssl.io.formats import unreadable
from medssl.io.image import Image

#: Channels of a decoded PNG, by its colour type.
_PNG_CHANNELS = {0: 1, 2: 3, 3: 4, 4: 2, 6: 4}


def read_png(path: Path) -> Image:
    """Read a PNG of 1 to 16 bits, grey, colour or with a palette."""
    data = _bytes(path)
    if len(data) < 33:
        raise FileRefusedError(path, "it is a PNG cut off in its header", DAMAGED)
    width, height = struct.unpack(">II", data[16:24])
    channels = _PNG_CHANNELS.get(data[25], 4)
    require_memory(path, (height, width, channels), 2 if data[24] == 16 else 1)
    try:
        array = imagecodecs.png_decode(data)
    except (RuntimeError, ValueError) as error:
        raise FileRefusedError(path, f"the PNG cannot be decoded ({error})", DAMAGED) from error
    return picture(path, array)


def read_jpeg(path: Path) -> Image:
    """Read a JPEG, grey or colour."""
    data = _bytes(path)
    require_memory(path, _jpeg_size(path, data), 3)
    if b"\xff\xd9" not in data[-4096:]:
        raise FileRefusedError(path, "it is a JPEG without its end", DAMAGED)
    try:
        array = imagecodecs.jpeg_decode(data)
    except (RuntimeError, ValueError) as error:
        raise FileRefusedError(path, f"the JPEG cannot be decoded ({error})", DAMAGED) from error
    return picture(path, array)


def picture(path: Path, array: NDArray[Any]) -> Image:
    """Make an image of a decoded picture, ``(y, x)`` or ``(y, x, channels)``.

    Transparency is left out, and said where the picture uses it.
    """
    warnings: tuple[str, ...] = ()
    if array.ndim == 3 and array.shape[2] in (2, 4):
        alpha = array[..., -1]
        if (alpha != alpha.flat[0]).any():
            warnings = ("The picture's transparency is left out.",)
        array = array[..., :-1]
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    grid = Grid.create(array.shape[:2])
    axes = "yx" if array.ndim == 2 else "yxc"
    return Image(
        np.ascontiguousarray(array),
        grid,
        axes,  # type: ignore[arg-type]
        name=path.name,
        path=path,
        warnings=warnings,
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error


def _jpeg_size(path: Path, data: bytes) -> tuple[int, int]:
    """Height and width from the JPEG's start-of-frame marker."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return height, width
        at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    raise FileRefusedError(path, "it is a JPEG without a frame", DAMAGED)
