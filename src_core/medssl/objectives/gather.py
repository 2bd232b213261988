"""What several processes put together for a loss, so that each computes the loss of all.

A loss that tells things apart needs the features of all processes, and a mean needs the sums of
all. Every process computes the loss of the whole batch from what is gathered here. Going back, the
gradients that all processes have for a contribution are added, which makes them `P` times the
gradient of the loss for `P` processes; the mean over processes that distributed training takes of
the weights' gradients divides by `P` again. The result is the gradient of the whole loss, as one
process with the whole batch has it.

In one process everything here gives back what it is given.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, distributed, nn

from medssl.processes import process_count


def across_processes(values: Tensor) -> Tensor:
    """Join the rows of all processes, in their order; all have equally many.

    Parameters
    ----------
    values
        ``(N, ...)``, of the same shape in each process.

    Returns
    -------
    Tensor
        ``(P·N, ...)``, the same in each process; gradients flow back to all.
    """
    if process_count() == 1:
        return values
    joined: Tensor = _Join.apply(values)  # type: ignore[no-untyped-call]
    return joined


def sum_across_processes(values: Tensor) -> Tensor:
    """Add the tensors of all processes; gradients flow back to all."""
    if process_count() == 1:
        return values
    total: Tensor = _Sum.apply(values)  # type: ignore[no-untyped-call]
    return total


def mean_across_processes(value: Tensor) -> Tensor:
    """Average what each process has of its own part of the batch; gradients flow back to all."""
    return sum_across_processes(value) / process_count()


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Give all processes the mean of their gradients of weights that are not in the net."""
    if process_count() == 1:
        return
    for parameter in parameters:
        if parameter.grad is not None:
            distributed.all_reduce(parameter.grad)
            parameter.grad /= process_count()


class _Join(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        ctx.rows = len(values)
        values = values.contiguous()
        parts = [torch.empty_like(values) for _ in range(process_count())]
        distributed.all_gather(parts, values)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        total = gradient.contiguous().clone()
        distributed.all_reduce(total)
        first = distributed.get_rank() * ctx.rows
        return total[first : first + ctx.rows]


class _Sum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:  # noqa: ARG004 - what torch expects
        total = values.contiguous().clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # noqa: ARG004
        total = gradient.contiguous().clone()
        distributed.all_reduce(total)
        return total
