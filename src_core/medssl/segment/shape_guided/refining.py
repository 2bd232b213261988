"""Refinement: a fresh net learns from what the first one is certain of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from medssl.objectives.shape_inside import FIELD
from medssl.prepare import Case
from medssl.pretrain.loader import BatchSource
from medssl.progress import Progress, silent
from medssl.segment.shape_guided.maps import Floats, ShapeMaps, mirrored_mean
from medssl.segment.shape_guided.pseudo_labels import pseudo_label
from medssl.segment.shape_guided.recipe import shape_architecture
from medssl.segment.shape_guided.settings import ShapeSettings
from medssl.transfer.nets import Segmenter
from medssl.transfer.segment import TrainedSegmenter, begin_segmenter
from medssl.transfer.settings import FinetuneSettings
from medssl.transfer.training import choose_canvas, finetune, run_net
from medssl.transfer.views import changed_images
from medssl.views import ImageBatch
from medssl.views.affine import AffineSettings
from medssl.views.photometric import PhotometricSettings
from medssl.views.randomness import Draws

_SMOOTH = 1.0
_EDGE = 1e-6
"""Probability that a limit is kept away from 0 and 1."""
_CHANNELS = 3
_MILD = PhotometricSettings(gamma=0.15, contrast=0.15, offset=0.03, shading=0.03, noise=0.03)


@dataclass(frozen=True)
class _Labelled:
    """Image, label and certainty as one array ``(3 + 2, *spatial)``, for the loader."""

    array: NDArray[np.float16]


def refine(
    cases: Sequence[Case],
    maps: Sequence[ShapeMaps],
    settings: ShapeSettings,
    smallest: int,
    number: int = 1,
    progress: Progress = silent,
) -> TrainedSegmenter:
    """Train a fresh segmenter on the maps, each voxel weighted by its certainty.

    What is not certain counts little, so that the fresh net finds less of the shape than the maps
    it learned from. The bias of its last layer is therefore set such that in all images together
    it finds as much.

    Parameters
    ----------
    cases
        The images, prepared for the shape.
    maps
        What was found in each.
    settings
        Steps and sizes.
    smallest
        Pieces of fewer voxels are not the shape.
    number
        Of the round, from 1: another seed a round.
    progress
        Called at each step; may raise `Cancelled`.
    """
    learning = refine_settings(settings, number)
    architecture = shape_architecture(settings)
    net = begin_segmenter(architecture, 1, None, learning)
    made = [pseudo_label(*pair, smallest) for pair in zip(cases, maps, strict=True)]
    labelled = [_Labelled(_joined(*one)) for one in made]
    shapes = [one.array.shape[1:] for one in labelled]
    canvas = choose_canvas(shapes, architecture.deepest_stride, learning.largest_crop)
    source = BatchSource(labelled, canvas, learning.batch, learning.seed)

    def loss(batch: ImageBatch, draws: Draws) -> Tensor:
        images, wanted = changed_images(batch, _CHANNELS, learning, draws)
        return weighted_loss(run_net(net, images), wanted[:, :1], wanted[:, 1:])

    losses = finetune(net, source, loss, learning, progress)
    trained = TrainedSegmenter(net, canvas, tuple(losses))
    found = []
    for index, case in enumerate(cases):
        progress(index, len(cases), f"how much of the shape is in {case.name}")
        found.append(refined_map(trained, case, mirrored=False).cluster)
    _find_as_much(net, found, [label for label, _, _ in made])
    return trained


def refine_settings(settings: ShapeSettings, number: int) -> FinetuneSettings:
    """Return how the fresh net learns."""
    free = {} if settings.upright else {"rotation_degrees": 180.0, "flip_axes": (-1,)}
    return FinetuneSettings(
        steps=settings.refine_steps,
        batch=2 * settings.batch,
        lr=3e-3,
        largest_crop=settings.crop,
        affine=AffineSettings(**free, scale=(0.8, 1.25)),
        photometric=_MILD,
        device=settings.device,
        seed=settings.seed + number,
    )


def weighted_loss(logits: Tensor, label: Tensor, weight: Tensor) -> Tensor:
    """Return cross-entropy plus Dice loss, both weighted by voxel; all ``(B, 1, *spatial)``."""
    total = weight.sum().clamp(min=1)
    entropy = F.binary_cross_entropy_with_logits(logits, label, reduction="none")
    given = logits.sigmoid()
    both = (weight * given * label).sum()
    all_of_it = (weight * (given.square() + label.square())).sum()
    dice = 1 - (2 * both + _SMOOTH) / (all_of_it + _SMOOTH)
    return (entropy * weight).sum() / total + dice


@torch.no_grad()
def refined_map(trained: TrainedSegmenter, case: Case, mirrored: bool = True) -> ShapeMaps:
    """Return what the fresh net says of an image, averaged over mirrored copies if asked."""
    array = np.array(case.array)

    def read(turned: NDArray[np.float16]) -> Floats:
        images = torch.from_numpy(turned.astype(np.float32))[None]
        return np.asarray(trained.probabilities(images)[0].cpu().numpy(), np.float32)

    field = np.asarray(array[FIELD], np.float32) > 0.5
    given = mirrored_mean(array, read) if mirrored else read(array)
    return ShapeMaps(given[0] * field, None)


def _joined(
    label: NDArray[np.bool_], sure: Floats, array: NDArray[np.float16]
) -> NDArray[np.float16]:
    return np.concatenate([array, np.stack([label, sure]).astype(np.float16)])


def _find_as_much(
    net: Segmenter, found: Sequence[Floats], labels: Sequence[NDArray[np.bool_]]
) -> None:
    """Shift the net's last bias, so that it finds as many voxels as there are in the labels."""
    every = np.concatenate([one.ravel() for one in found])
    wanted = sum(int(label.sum()) for label in labels)
    if not 0 < wanted < every.size:
        return
    limit = float(np.partition(every, every.size - wanted)[every.size - wanted])
    limit = min(1 - _EDGE, max(_EDGE, limit))
    assert isinstance(net.head.bias, torch.nn.Parameter)
    net.head.bias.data -= math.log(limit / (1 - limit))
