"""The loop of fine-tuning: first what is new, then everything."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from medssl.devices import fast_dtype
from medssl.errors import SettingsError
from medssl.objectives.finite import all_finite
from medssl.pretrain.loader import BatchSource
from medssl.pretrain.randomness import view_seed
from medssl.pretrain.recipe import Schedule
from medssl.pretrain.schedule import rate_factor
from medssl.progress import Progress, silent
from medssl.transfer.nets import TransferNet
from medssl.transfer.settings import FinetuneSettings
from medssl.views import ImageBatch
from medssl.views.randomness import Draws

Loss = Callable[[ImageBatch, Draws], Tensor]
"""Loss of a batch on the training's device, with the random numbers of its views."""
Watch = Callable[[int], bool]
"""Told of each step that is done, counted from 1; True ends the training there."""


def finetune(
    net: TransferNet,
    source: BatchSource,
    loss: Loss,
    settings: FinetuneSettings,
    progress: Progress = silent,
    watch: Watch | None = None,
) -> list[float]:
    """Train a net on labelled images.

    In the first share of the steps what was transferred is frozen; then all learns. The learning
    rate falls along a cosine after a short rise, anew in each part.

    Parameters
    ----------
    net
        On its device; left in evaluation mode.
    source
        Draws the batches.
    loss
        What is minimised.
    settings
        Steps, rates.
    progress
        Called at each step; may raise `Cancelled`.
    watch
        Looks at the net after each step, and may end the training.

    Returns
    -------
    list of float
        The loss of each step.

    Raises
    ------
    SettingsError
        If loss or gradient are no finite numbers: nothing can be learned from them.
    """
    device = next(net.parameters()).device
    known, new = net.groups()
    optimiser = torch.optim.AdamW(
        [{"params": new, "share": 1.0}, {"params": known, "share": settings.transferred_rate}],
        lr=settings.lr,
        weight_decay=settings.weight_decay,
    )
    first = round(settings.steps * settings.frozen_share) if known else 0
    schedule = Schedule(warmup_steps=max(1, settings.steps // 20))
    losses: list[Tensor] = []
    net.train()
    net.freeze(first > 0)
    for step in range(settings.steps):
        if step == first:
            net.freeze(False)
        begin, end = (0, first) if step < first else (first, settings.steps)
        factor = rate_factor(schedule, step - begin, end - begin)
        for group in optimiser.param_groups:
            group["lr"] = settings.lr * factor * group["share"]
        batch = source.read(step).to(device)
        value = loss(batch, batch.draws(view_seed(settings.seed, step)))
        optimiser.zero_grad(set_to_none=True)
        value.backward()  # type: ignore[no-untyped-call]
        if not all_finite(value, net.parameters()):
            raise SettingsError(
                f"loss or gradient are no finite numbers at step {step + 1} of the fine-tuning. "
                "Take a lower learning rate."
            )
        optimiser.step()
        losses.append(value.detach())
        progress(step + 1, settings.steps, "learning")
        if watch is not None and watch(step + 1):
            break
    _settle(net, source, loss, settings, len(losses))
    net.eval()
    return torch.stack(losses).tolist()


@torch.no_grad()
def _settle(
    net: TransferNet, source: BatchSource, loss: Loss, settings: FinetuneSettings, begin: int
) -> None:
    """Give batch norms the plain mean of their statistics over further batches, if some are new.

    The moving mean of a new one begins at nothing and forgets it over some dozen steps, in which
    those before it change as well.

    References
    ----------
    Y. Wu, J. Johnson, Rethinking "Batch" in BatchNorm, arXiv:2105.07576, section 3 (PreciseBN).
    """
    norms = net.norms_to_settle() if settings.settle else []
    if not norms:
        return
    net.eval()
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    for step in range(begin, begin + settings.settle):
        batch = source.read(step).to(next(net.parameters()).device)
        loss(batch, batch.draws(view_seed(settings.seed, step)))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def run_net(net: TransferNet, images: Tensor) -> Tensor:
    """Return the net's logits in single precision; convolutions run in bf16 where that is fast."""
    low = fast_dtype(images.device) == torch.bfloat16
    layout = torch.channels_last if images.ndim == 4 else torch.channels_last_3d
    images = images.contiguous(memory_format=layout)
    with torch.autocast(images.device.type, torch.bfloat16, enabled=low):
        logits: Tensor = net(images)
    return logits.float()


def choose_canvas(
    shapes: list[tuple[int, ...]], deepest_stride: int, largest: int
) -> tuple[int, ...]:
    """Choose the size that holds all images, up to `largest`; a multiple of the net's stride.

    Raises
    ------
    SettingsError
        If there is no image.
    """
    if not shapes:
        raise SettingsError("there is no image to learn from")
    most = max(deepest_stride, largest // deepest_stride * deepest_stride)
    return tuple(
        min(most, -(-max(sides) // deepest_stride) * deepest_stride)
        for sides in zip(*shapes, strict=True)
    )


def build_on(device: torch.device, seed: int, build: Callable[[], TransferNet]) -> TransferNet:
    """Build a net whose new weights follow from the seed, laid out for fast convolutions."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = build()
    return _laid_out(net.to(device))


def _laid_out(net: TransferNet) -> TransferNet:
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        elif isinstance(module, nn.Conv3d):
            module.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    return net
