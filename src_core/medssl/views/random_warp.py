"""Draw a random warp for each image of a batch."""

from __future__ import annotations

import torch
from torch import Tensor

from medssl.views.affine import AffineSettings, random_matrices, random_shift
from medssl.views.batch import ImageBatch
from medssl.views.elastic import ElasticSettings, random_displacement
from medssl.views.randomness import Draws
from medssl.views.warp import Warp


def random_warp(
    batch: ImageBatch,
    view_size: tuple[int, ...],
    affine: AffineSettings,
    elastic: ElasticSettings | None,
    draws: Draws,
) -> Warp:
    """Draw one warp an image, about the middle of what the canvas shows of it.

    A view smaller than the canvas shows the whole canvas at magnification 1: it is a reduction.
    """
    device = batch.images.device
    matrix = random_matrices(batch.ndim, affine, draws) @ _reduction(batch, view_size)
    shift = random_shift(batch.canvas, affine, draws).to(device)
    displacement: Tensor | None = None
    if elastic is not None and elastic.amplitude > 0:
        displacement = random_displacement(view_size, batch.canvas, elastic, draws).to(device)
    low, high = batch.shown()
    return Warp(matrix.to(device), (low + high) / 2 + shift, displacement, view_size)


def _reduction(batch: ImageBatch, view_size: tuple[int, ...]) -> Tensor:
    return torch.diag(torch.tensor(batch.canvas) / torch.tensor(view_size))
