"""Whether a loss and its gradients can be learned from."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, distributed, nn

from medssl.processes import process_count


@torch.no_grad()
def all_finite(loss: Tensor, parameters: Iterable[nn.Parameter]) -> bool:
    """Whether the loss and all gradients are finite numbers, in all processes.

    Examples
    --------
    >>> weight = nn.Parameter(torch.ones(2))
    >>> weight.grad = torch.tensor([0.0, torch.inf])
    >>> all_finite(torch.tensor(1.0), [weight])
    False
    """
    norms = [torch.linalg.vector_norm(p.grad, torch.inf) for p in parameters if p.grad is not None]
    finite = torch.stack([loss.detach().float(), *(norm.float() for norm in norms)]).isfinite()
    answer = finite.all().int()
    if process_count() > 1:
        distributed.all_reduce(answer, op=distributed.ReduceOp.MIN)
    return bool(answer)
