"""How one net learns from labels of whole images, and when it stops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from medssl.devices import choose_device, fast_dtype
from medssl.lesions.inputs import Input, WithInside
from medssl.lesions.net import LesionNet, SliceNet, run_head
from medssl.lesions.settings import HeadSettings, LesionSettings
from medssl.nets import Architecture, DenseNet
from medssl.pretrain.loader import BatchSource
from medssl.progress import Progress
from medssl.transfer.laying import laid_out
from medssl.transfer.training import build_on, choose_canvas, finetune
from medssl.transfer.views import changed_images
from medssl.views import ImageBatch
from medssl.views.randomness import Draws

_HEAVIEST = 10.0
"""Largest weight of a rare answer against the other."""
_AT_ONCE = {2: 16, 3: 1}


@dataclass(frozen=True)
class Lesson:
    """Inputs with their answers.

    Parameters
    ----------
    inputs
        Images.
    targets
        ``(N, K)``: 1 for yes; the first question is that for any lesion.
    kinds
        Class of each.
    """

    inputs: Sequence[Input]
    targets: NDArray[np.float32]
    kinds: Sequence[str]

    def part(self, numbers: NDArray[np.int64]) -> Lesson:
        """Return some of them."""
        return Lesson(
            [self.inputs[number] for number in numbers],
            self.targets[numbers],
            [self.kinds[number] for number in numbers],
        )


def begin_net(
    architecture: Architecture,
    outputs: int,
    head: HeadSettings,
    sliced: bool,
    pretrained: DenseNet | None,
    device: torch.device,
    seed: int,
) -> LesionNet:
    """Return a net before it learns: what is new in it follows from the seed."""
    kind = SliceNet if sliced else LesionNet
    net = build_on(device, seed, lambda: kind(architecture, outputs, head))
    assert isinstance(net, LesionNet)
    if pretrained is not None:
        net.begin_with_model(pretrained)
    return net


def learn(
    begin: Callable[[torch.device], LesionNet],
    taught: Lesson,
    held_out: Lesson | None,
    settings: LesionSettings,
    progress: Progress,
) -> tuple[LesionNet, int]:
    """Train a net, and keep what it was when it answered the held-out images best.

    Batches hold as many images with a lesion as without, and of the former as many of each class.

    Parameters
    ----------
    begin
        Makes the net on a device.
    taught
        What it learns from.
    held_out
        What it is checked on; None: it learns to the end.
    settings
        How it learns.
    progress
        Called at each step; may raise `Cancelled`.

    Returns
    -------
    net
        In evaluation mode.
    steps
        Steps that it learned.
    """
    device = choose_device(settings.learning.device)
    net = begin(device)
    low = fast_dtype(device) == torch.bfloat16
    drawn = balanced(taught.targets[:, 0] > 0, taught.kinds)
    answers = torch.from_numpy(taught.targets[drawn]).to(device)
    weights = rarity(taught.targets[drawn]).to(device)
    learning = settings.learning
    shapes = [shown.shape for shown in taught.inputs]
    canvas = choose_canvas(shapes, net.strides[-1], learning.largest_crop)
    seen = [WithInside(taught.inputs[number]) for number in drawn]
    source = BatchSource(seen, canvas, learning.batch, learning.seed)
    channels = net.net.architecture.in_channels

    def loss(batch: ImageBatch, draws: Draws) -> Tensor:
        images, inside = changed_images(batch, channels, learning, draws)
        logits = run_head(net, images, inside, low)
        return F.binary_cross_entropy_with_logits(logits, answers[batch.case], pos_weight=weights)

    best: tuple[float, int, dict[str, Tensor]] | None = None
    every = max(1, learning.steps // settings.checks)

    def check(step: int) -> bool:
        nonlocal best
        if held_out is None or (step % every and step != learning.steps):
            return False
        value = held_out_loss(answer(net, held_out.inputs, canvas), held_out.targets)
        net.train()
        if best is None or value < best[0]:
            best = value, step, {k: v.detach().clone() for k, v in net.state_dict().items()}
        return step - best[1] >= settings.patience * every

    finetune(net, source, loss, learning, progress, check)
    if best is None:
        return net, learning.steps
    net.load_state_dict(best[2])
    return net, best[1]


@torch.no_grad()
def answer(net: LesionNet, inputs: Sequence[Input], canvas: tuple[int, ...]) -> NDArray[np.float32]:
    """Return the logits of images as they are: ``(N, K)``."""
    device = next(net.parameters()).device
    low = fast_dtype(device) == torch.bfloat16
    net.eval()
    result = np.zeros((len(inputs), net.outputs), np.float32)
    seen = [WithInside(shown).array for shown in inputs]
    for numbers, both, _ in laid_out(seen, canvas, _AT_ONCE[net.ndim]):
        images, inside = both[:, :-1].to(device), both[:, -1:].to(device)
        result[numbers] = run_head(net, images, inside, low).cpu().numpy()
    return result


def held_out_loss(logits: NDArray[np.float32], targets: NDArray[np.float32]) -> float:
    """Cross-entropy with yes and no weighing the same, mean over the questions."""
    losses = np.logaddexp(0, np.where(targets > 0, -logits, logits))
    sides = []
    for wanted in (targets > 0, targets <= 0):
        count = wanted.sum(0)
        sides.append(((losses * wanted).sum(0) / np.maximum(count, 1))[count > 0])
    return float(np.concatenate(sides).mean())


def balanced(present: NDArray[np.bool_], kinds: Sequence[str]) -> NDArray[np.int64]:
    """Repeat images until with and without a lesion are as many, and of the former each class.

    Examples
    --------
    >>> numbers = balanced(np.array([True, True, True, False]), ["a", "a", "b", "normal"])
    >>> numbers.tolist()
    [0, 1, 2, 2, 3, 3, 3, 3]
    """
    names = np.array(kinds)
    groups = [np.flatnonzero(present & (names == kind)) for kind in np.unique(names[present])]
    most = max(len(one) for one in groups)
    lesions = np.concatenate([np.resize(one, most) for one in groups])
    normal = np.flatnonzero(~present)
    size = max(len(lesions), len(normal))
    return np.concatenate([np.resize(lesions, size), np.resize(normal, size)])


def rarity(targets: NDArray[np.float32]) -> Tensor:
    """Return the weight of a yes to each question ``(K,)`` by how rare it is."""
    yes = targets.sum(0)
    ratio = (len(targets) - yes) / np.maximum(yes, 1)
    return torch.from_numpy(np.clip(ratio, 1 / _HEAVIEST, _HEAVIEST).astype(np.float32))
