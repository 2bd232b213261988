"""Whole images on one canvas, so that many go through a net at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Box = tuple[slice, ...]


def laid_out(
    arrays: Sequence[NDArray[Any]], canvas: tuple[int, ...], batch: int
) -> Iterator[tuple[list[int], Tensor, list[Box]]]:
    """Lay images centred on a canvas, several at once.

    An image that is larger than the canvas along an axis comes alone, as it is: nets are fully
    convolutional.

    Parameters
    ----------
    arrays
        Prepared values ``(C, *spatial)``.
    canvas
        Size of the canvas.
    batch
        Most images at once.

    Yields
    ------
    numbers
        Which images these are.
    images
        ``(B, C, *size)``, 0 beyond an image.
    boxes
        Where each image lies.
    """
    waiting: list[int] = []
    for number, array in enumerate(arrays):
        if all(side <= room for side, room in zip(array.shape[1:], canvas, strict=True)):
            waiting.append(number)
        else:
            whole = torch.from_numpy(np.asarray(array, np.float32))[None]
            yield [number], whole, [tuple(slice(0, side) for side in array.shape[1:])]
    for begin in range(0, len(waiting), batch):
        numbers = waiting[begin : begin + batch]
        images = np.zeros((len(numbers), arrays[0].shape[0], *canvas), np.float32)
        boxes = []
        for image, number in zip(images, numbers, strict=True):
            sides = arrays[number].shape[1:]
            starts = [(room - side) // 2 for room, side in zip(canvas, sides, strict=True)]
            box = tuple(slice(s, s + side) for s, side in zip(starts, sides, strict=True))
            image[(slice(None), *box)] = arrays[number]
            boxes.append(box)
        yield numbers, torch.from_numpy(images), boxes
