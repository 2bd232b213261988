"""Fine-tuning for masks of structures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from medssl.devices import choose_device
from medssl.embed.tiling import tiles
from medssl.nets import Architecture, DenseNet
from medssl.prepare import Case
from medssl.prepare.maps import to_source, to_working
from medssl.pretrain.loader import BatchSource
from medssl.progress import Progress, silent
from medssl.transfer.laying import laid_out
from medssl.transfer.masks import MaskFiles
from medssl.transfer.nets import Segmenter, TransferNet
from medssl.transfer.settings import FinetuneSettings
from medssl.transfer.training import build_on, choose_canvas, finetune, run_net
from medssl.transfer.views import changed_images
from medssl.views import ImageBatch
from medssl.views.randomness import Draws

_PREDICTED_AT_ONCE = 4
_TILE = {2: 1024, 3: 96}
"""Longest side of what goes through the net at once, by dimension; larger images are tiled."""
_HALO = {2: 128, 3: 24}
"""What a tile sees beyond its border, in voxels."""
_SMOOTH = 1.0
"""Voxels added to numerator and denominator of the Dice loss, so that empty masks have one."""


@dataclass(frozen=True)
class TrainedSegmenter:
    """A segmenter that has learned.

    Parameters
    ----------
    net
        In evaluation mode.
    canvas
        Size that images are laid on.
    losses
        Of each step of the training.
    """

    net: TransferNet
    canvas: tuple[int, ...]
    losses: tuple[float, ...] = ()

    @torch.no_grad()
    def predict_working(
        self, cases: Sequence[Case], progress: Progress = silent
    ) -> list[NDArray[np.float16]]:
        """Return the probability of each structure on the working grids: ``(S, *working)``."""
        found: dict[int, NDArray[np.float16]] = {}
        arrays = [case.array for case in cases]
        for numbers, images, boxes in laid_out(arrays, self.canvas, _PREDICTED_AT_ONCE):
            given = self.probabilities(images).cpu().numpy()
            for number, one, box in zip(numbers, given, boxes, strict=True):
                found[number] = one[(slice(None), *box)].astype(np.float16)
            progress(len(found), len(cases), "segmenting")
        return [found[number] for number in range(len(cases))]

    def predict(self, case: Case) -> NDArray[np.float32]:
        """Return the probability of each structure on the image's own grid: ``(S, *source)``."""
        return to_source(self.predict_working([case])[0], case.grid, case.source_grid)

    def probabilities(self, images: Tensor) -> Tensor:
        """Return the probability of each structure ``(B, S, *spatial)``; larger ones in tiles.

        The images are brought to the net's device, where the result stays.
        """
        images = images.to(next(self.net.parameters()).device)
        sides = images.shape[2:]
        tile, halo = _TILE[len(sides)], _HALO[len(sides)]
        if max(sides) <= tile:
            return run_net(self.net, images).sigmoid()
        result = images.new_zeros((1, self.net.outputs, *sides))
        for one in tiles(sides, [tile - 2 * halo] * len(sides), halo):
            part = run_net(self.net, _cut(images, one.outer)).sigmoid()
            _cut(result, one.interior).copy_(_cut(part, one.crop()))
        return result


@dataclass(frozen=True)
class _Masked:
    """Image and masks as one array ``(C + S, *spatial)``, for the loader."""

    array: NDArray[np.float16]


def begin_segmenter(
    architecture: Architecture,
    outputs: int,
    pretrained: DenseNet | None,
    settings: FinetuneSettings,
) -> Segmenter:
    """Return a segmenter before it learns: what is new in it follows from the seed.

    Parameters
    ----------
    architecture
        Of the net.
    outputs
        Number of structures.
    pretrained
        Whose encoder and decoder it begins with; None: random weights.
    settings
        Device and seed, and how finely it learns.
    """
    device = choose_device(settings.device)
    net = build_on(device, settings.seed, lambda: Segmenter(architecture, outputs, settings.coarse))
    assert isinstance(net, Segmenter)
    if pretrained is not None:
        net.begin_with_decoder(pretrained)
    return net


def finetune_segmenter(
    cases: Sequence[Case],
    masks: MaskFiles,
    architecture: Architecture,
    pretrained: DenseNet | None,
    settings: FinetuneSettings,
    progress: Progress = silent,
) -> TrainedSegmenter:
    """Train a segmenter with Dice and cross-entropy.

    Structures may overlap: each has a sigmoid of its own. A structure whose file an image lacks
    takes no part in the loss of that image.

    Parameters
    ----------
    cases
        Images with masks, prepared as the model wants them.
    masks
        Where the masks are.
    architecture
        Of the net.
    pretrained
        Whose encoder and decoder it begins with; None: random weights.
    settings
        How it learns.
    progress
        Called at each step; may raise `Cancelled`.

    Raises
    ------
    FileRefusedError
        If a mask does not fit its image.
    """
    net = begin_segmenter(architecture, len(masks.names), pretrained, settings)
    stride, channels = architecture.deepest_stride, architecture.in_channels
    return teach_segmenter(net, cases, masks, stride, channels, settings, progress)


def teach_segmenter(
    net: TransferNet,
    cases: Sequence[Case],
    masks: MaskFiles,
    deepest_stride: int,
    channels: int,
    settings: FinetuneSettings,
    progress: Progress = silent,
) -> TrainedSegmenter:
    """Train any net that gives logits of structures, as `finetune_segmenter` does.

    Parameters
    ----------
    net
        On its device.
    cases, masks
        Images with masks.
    deepest_stride, channels
        Of the net.
    settings, progress
        As there.

    Raises
    ------
    FileRefusedError
        If a mask does not fit its image.
    """
    device = next(net.parameters()).device
    masked = [_Masked(_joined(case, masks)) for case in cases]
    known = torch.from_numpy(np.stack([masks.known(case) for case in cases])).to(device)
    shapes = [one.array.shape[1:] for one in masked]
    canvas = choose_canvas(shapes, deepest_stride, settings.largest_crop)
    source = BatchSource(masked, canvas, settings.batch, settings.seed)

    def loss(batch: ImageBatch, draws: Draws) -> Tensor:
        images, wanted = changed_images(batch, channels, settings, draws)
        return overlap_loss(run_net(net, images), wanted, known[batch.case])

    losses = finetune(net, source, loss, settings, progress)
    return TrainedSegmenter(net, canvas, tuple(losses))


def overlap_loss(logits: Tensor, wanted: Tensor, known: Tensor) -> Tensor:
    """Return Dice loss plus binary cross-entropy.

    Parameters
    ----------
    logits, wanted
        ``(B, S, *spatial)``; `wanted` is the share of a voxel that a structure covers.
    known
        ``(B, S)``: whether the mask is known.
    """
    axes = tuple(range(2, logits.ndim))
    given = logits.sigmoid()
    both = (given * wanted).sum(axes)
    all_of_it = given.square().sum(axes) + wanted.square().sum(axes)
    dice = 1 - (2 * both + _SMOOTH) / (all_of_it + _SMOOTH)
    entropy = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none").mean(axes)
    weight = known.to(logits.dtype)
    return ((dice + entropy) * weight).sum() / weight.sum().clamp(min=1)


def _joined(case: Case, masks: MaskFiles) -> NDArray[np.float16]:
    """Join prepared image and masks on the working grid."""
    working = to_working(masks.read(case), case.source_grid, case.grid)
    return np.concatenate([case.array, working.astype(np.float16)])


def _cut(maps: Tensor, box: Sequence[slice]) -> Tensor:
    index: tuple[Any, ...] = (slice(None), slice(None), *box)
    part: Tensor = maps[index]
    return part
