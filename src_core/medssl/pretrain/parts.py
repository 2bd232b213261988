"""The gradient of a batch that does not fit into the memory at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from medssl.objectives import Outputs


class HasLoss(Protocol):
    """What the outputs of all views come to."""

    @property
    def loss(self) -> Tensor:
        """Scalar that carries a gradient."""


_Made = TypeVar("_Made", bound=HasLoss)


def backward_in_parts(
    forward: nn.Module, images: Tensor, size: int, loss_of: Callable[[Outputs], _Made]
) -> _Made:
    """Add the gradient of a loss that couples all views, with few of them in the net at once.

    All parts are embedded without gradient; the loss of all embeddings together gives the
    gradient of each; then each part is embedded again and takes its gradient back through the
    net [1]_. It is the gradient of the whole batch but for batch norm, whose statistics are those
    of a part.

    Parameters
    ----------
    forward
        Gives `Outputs` of views.
    images
        ``(V, C, *view)``.
    size
        Views at once.
    loss_of
        Gives the loss of the outputs of all views; weights that it has of its own get their
        gradient too.

    References
    ----------
    .. [1] L. Gao et al., Scaling Deep Contrastive Learning Batch Size under Memory Limited
       Setup, arXiv 2101.06983.
    """
    parts = torch.split(images, size)
    with torch.no_grad(), _running_statistics_kept(forward):
        found = [_tensors(forward(part)) for part in parts]
    leaves = {name: torch.cat([one[name] for one in found]).requires_grad_() for name in found[0]}
    made = loss_of(Outputs(**leaves))
    torch.autograd.backward(made.loss)
    gradients = [leaf.grad for leaf in leaves.values()]
    of_parts = [None if g is None else torch.split(g, size) for g in gradients]
    del found, leaves, gradients
    for number, part in enumerate(parts):
        outputs = _tensors(forward(part)).values()
        pairs = [(t, g[number]) for t, g in zip(outputs, of_parts, strict=True) if g is not None]
        torch.autograd.backward([t for t, _ in pairs], [g for _, g in pairs])
    return made


def _tensors(outputs: Outputs) -> dict[str, Tensor]:
    return {name: value for name, value in outputs._asdict().items() if value is not None}


@contextmanager
def _running_statistics_kept(net: nn.Module) -> Iterator[None]:
    """Let batch norm see a part without remembering it: it will see it a second time."""
    norms = [module for module in net.modules() if isinstance(module, _BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
