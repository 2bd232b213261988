"""Fine-tuning for labels of whole images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.nn import functional as F

from medssl.devices import choose_device
from medssl.nets import Architecture, DenseNet
from medssl.prepare import Case
from medssl.pretrain.loader import BatchSource
from medssl.progress import Progress, silent
from medssl.transfer.laying import laid_out
from medssl.transfer.nets import Classifier
from medssl.transfer.settings import FinetuneSettings
from medssl.transfer.training import build_on, choose_canvas, finetune, run_net
from medssl.transfer.views import changed_images
from medssl.views import ImageBatch
from medssl.views.randomness import Draws

_PREDICTED_AT_ONCE = 16
_HEAVIEST = 10.0
"""Largest weight of a rare finding against its absence."""


@dataclass(frozen=True)
class TrainedClassifier:
    """A classifier that has learned.

    Parameters
    ----------
    net
        In evaluation mode.
    exclusive
        Whether an image has exactly one of the classes.
    canvas
        Size that images are laid on.
    losses
        Of each step of the training.
    """

    net: Classifier
    exclusive: bool
    canvas: tuple[int, ...]
    losses: tuple[float, ...] = ()

    @torch.no_grad()
    def predict(self, cases: Sequence[Case], progress: Progress = silent) -> NDArray[np.float32]:
        """Return the probability of each class or finding: ``(N, K)``."""
        device = next(self.net.parameters()).device
        result = np.zeros((len(cases), self.net.outputs), np.float32)
        done = 0
        arrays = [case.array for case in cases]
        for numbers, images, _ in laid_out(arrays, self.canvas, _PREDICTED_AT_ONCE):
            logits = run_net(self.net, images.to(device))
            given = logits.softmax(1) if self.exclusive else logits.sigmoid()
            result[numbers] = given.cpu().numpy()
            done += len(numbers)
            progress(done, len(cases), "classifying")
        return result


def begin_classifier(
    architecture: Architecture,
    outputs: int,
    pretrained: DenseNet | None,
    settings: FinetuneSettings,
) -> Classifier:
    """Return a classifier before it learns: what is new in it follows from the seed.

    Parameters
    ----------
    architecture
        Of the net.
    outputs
        Number of classes or findings.
    pretrained
        Whose encoder it begins with; None: random weights.
    settings
        Device and seed.
    """
    device = choose_device(settings.device)
    net = build_on(device, settings.seed, lambda: Classifier(architecture, outputs))
    assert isinstance(net, Classifier)
    if pretrained is not None:
        net.begin_with_encoder(pretrained)
    return net


def finetune_classifier(
    cases: Sequence[Case],
    targets: ArrayLike,
    exclusive: bool,
    architecture: Architecture,
    pretrained: DenseNet | None,
    settings: FinetuneSettings,
    progress: Progress = silent,
) -> TrainedClassifier:
    """Train a classifier of whole images.

    Batches are balanced: each class is drawn equally often, whatever its number of images. Of
    findings that exclude nothing, rare ones weigh more.

    Parameters
    ----------
    cases
        Labelled images, prepared as the model wants them.
    targets
        ``(N, K)``: 1 for the classes or findings that an image has.
    exclusive
        Whether it has exactly one: softmax and cross-entropy; else sigmoids and binary
        cross-entropy.
    architecture
        Of the net.
    pretrained
        Whose encoder it begins with; None: random weights.
    settings
        How it learns.
    progress
        Called at each step; may raise `Cancelled`.
    """
    wanted = np.asarray(targets, np.float32)
    net = begin_classifier(architecture, wanted.shape[1], pretrained, settings)
    device = next(net.parameters()).device
    shapes = [case.array.shape[1:] for case in cases]
    canvas = choose_canvas(shapes, architecture.deepest_stride, settings.largest_crop)
    drawn = _balanced(wanted) if exclusive else np.arange(len(wanted))
    source = BatchSource([cases[i] for i in drawn], canvas, settings.batch, settings.seed)
    answers = torch.from_numpy(wanted[drawn]).to(device)
    weights = _weights(wanted).to(device)

    def loss(batch: ImageBatch, draws: Draws) -> Tensor:
        images, _ = changed_images(batch, architecture.in_channels, settings, draws)
        logits, answer = run_net(net, images), answers[batch.case]
        if exclusive:
            return F.cross_entropy(logits, answer)
        return F.binary_cross_entropy_with_logits(logits, answer, pos_weight=weights)

    losses = finetune(net, source, loss, settings, progress)
    return TrainedClassifier(net, exclusive, canvas, tuple(losses))


def _balanced(targets: NDArray[np.float32]) -> NDArray[np.int64]:
    """Repeat the images of small classes until all classes are as large as the largest."""
    members = [np.flatnonzero(column) for column in targets.T]
    most = max(len(one) for one in members)
    return np.concatenate([np.resize(one, most) for one in members if len(one)])


def _weights(targets: NDArray[np.float32]) -> Tensor:
    present = targets.sum(0)
    ratio = (len(targets) - present) / np.maximum(present, 1)
    return torch.from_numpy(np.clip(ratio, 1 / _HEAVIEST, _HEAVIEST).astype(np.float32))
