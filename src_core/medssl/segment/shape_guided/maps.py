"""What the trained net says of whole images: the shape's map, averaged over mirrored copies."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from medssl.devices import choose_device, fast_dtype
from medssl.embed.clusters import prototype_map
from medssl.embed.levelwise import LevelwiseNet
from medssl.embed.net import memory_budget
from medssl.models import load_model
from medssl.objectives.shape_inside import FIELD, SHAPE

Floats = NDArray[np.float32]


class ShapeMaps(NamedTuple):
    """The shape in an image, on the working grid.

    `cluster` is the share of the first cluster; `prototype` that of the first prototype, or None
    where the net has learned no embedding.
    """

    cluster: Floats
    prototype: Floats | None


class ShapeNet:
    """The net of the adversarial stage.

    Parameters
    ----------
    folder
        Its model folder.
    device
        Where it runs.
    """

    def __init__(self, folder: Path, device: str) -> None:
        model = load_model(folder)
        chosen = choose_device(device)
        self._net = LevelwiseNet(model.net, chosen, fast_dtype(chosen), memory_budget(chosen))
        learned = model.card.architecture.embedding_of == "head"
        self._prototypes = model.net.prototypes.cpu().numpy() if learned else None

    def maps(self, array: NDArray[np.float16]) -> ShapeMaps:
        """Return the maps of a prepared image ``(3, *spatial)``; beyond the field they are 0."""
        field = np.asarray(array[FIELD], np.float32) > 0.5
        prototypes = self._prototypes

        def read(turned: NDArray[np.float16]) -> Floats:
            embedding, shares = self._net.embed_and_assign(torch.from_numpy(turned)[None])
            found = [shares[SHAPE].numpy().astype(np.float32)]
            if prototypes is not None:
                found.append(prototype_map(embedding.numpy(), prototypes)[SHAPE])
            return np.stack(found)

        made = mirrored_mean(array, read) * field
        return ShapeMaps(made[0], made[1] if prototypes is not None else None)


def mirrored_mean(
    array: NDArray[np.float16], read: Callable[[NDArray[np.float16]], Floats]
) -> Floats:
    """Average maps ``(S, *spatial)`` over all mirrored copies of an image ``(C, *spatial)``."""
    total: Floats | None = None
    count = 0
    for axes in _mirrors(array.ndim - 1):
        made = np.flip(read(np.ascontiguousarray(np.flip(array, axes))), axes)
        total = made if total is None else total + made
        count += 1
    assert total is not None
    return np.asarray(total / count, np.float32)


def _mirrors(ndim: int) -> Iterator[tuple[int, ...]]:
    """Axes, counted from behind, to flip: none, each, each two, ..."""
    for number in range(ndim + 1):
        yield from itertools.combinations(range(-ndim, 0), number)
