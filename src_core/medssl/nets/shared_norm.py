"""Batch norm whose statistics are those of the batches of all processes, on a processor.

torch's `SyncBatchNorm` does the same and refuses tensors that are not on a GPU.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional as F


class SharedBatchNorm(nn.BatchNorm2d):
    """Batch norm over all processes while it is trained, in 2-D and 3-D; else it is torch's.

    Parameters, running statistics and their names are torch's, so that a state dict fits both.
    """

    def forward(self, values: Tensor) -> Tensor:
        """Normalise ``(B, C, *spatial)``; every process needs the same shape."""
        if not self.training:
            return super().forward(values)
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        weight: Tensor = self.weight
        bias: Tensor = self.bias
        if not self.affine:
            weight, bias = torch.ones_like(self.running_mean), torch.zeros_like(self.running_mean)
        output, mean, variance = _Normalise.apply(  # type: ignore[no-untyped-call]
            values, weight, bias, self.eps
        )
        count = values.numel() // values.shape[1] * distributed.get_world_size()
        with torch.no_grad():
            self.num_batches_tracked.add_(1)
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * (count / max(count - 1, 1)), self.momentum)
        result: Tensor = output
        return result

    def _check_input_dim(self, input: Tensor) -> None:  # noqa: A002 - torch's name
        if input.ndim < 2:
            raise ValueError(f"expected (B, C) or (B, C, *spatial), got {tuple(input.shape)}")


class _Normalise(torch.autograd.Function):
    """``(x − mean) / √(variance + eps) · weight + bias`` with mean and variance of all processes.

    All processes hold equally many values. Gradients of weight and bias are those of this
    process's values, as for every other parameter.
    """

    @staticmethod
    def forward(
        ctx: Any, values: Tensor, weight: Tensor, bias: Tensor, eps: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        axes = [0, *range(2, values.ndim)]
        own_variance, own_mean = torch.var_mean(values.float(), axes, correction=0)
        moments = torch.stack([own_mean, own_variance])
        parts = [torch.empty_like(moments) for _ in range(distributed.get_world_size())]
        distributed.all_gather(parts, moments)
        means, variances = torch.stack(parts).unbind(1)
        mean = means.mean(0)
        variance = variances.mean(0) + (means - mean).square().mean(0)
        ctx.save_for_backward(values, weight, mean, variance)
        ctx.eps = eps
        ctx.mark_non_differentiable(mean, variance)
        output = F.batch_norm(values, mean, variance, weight, bias, training=False, eps=eps)
        return output, mean, variance

    @staticmethod
    def backward(
        ctx: Any, gradient: Tensor, *_unused: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, None]:
        values, weight, mean, variance = ctx.saved_tensors
        scale = torch.rsqrt(variance + ctx.eps)
        _, of_weight, of_bias = torch.ops.aten.native_batch_norm_backward(
            gradient, values, weight, mean, variance, None, None, False, ctx.eps,
            [False, True, True],
        )  # fmt: skip
        sums = torch.stack([of_weight, of_bias])
        distributed.all_reduce(sums)
        count = values.numel() // values.shape[1] * distributed.get_world_size()
        of_scaled, of_shift = sums / count
        # d/dx of ((x − mean) · scale · weight), where mean and scale follow x
        a = scale * weight
        b = -a * scale * of_scaled
        c = -a * of_shift - b * mean
        shape = (1, -1, *[1] * (values.ndim - 2))
        of_values = torch.addcmul(c.reshape(shape), values, b.reshape(shape)).addcmul_(
            gradient, a.reshape(shape)
        )
        return of_values.to(values.dtype), of_weight, of_bias, None


def share_batch_norm(net: nn.Module, device: torch.device) -> None:
    """Let the batch norms of a net take the statistics of all processes, in place.

    Parameters, running statistics and their names stay as they are.
    """
    for name, child in net.named_children():
        if not isinstance(child, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
            share_batch_norm(child, device)
        elif device.type == "cpu":
            setattr(net, name, _shared(child))
        else:
            shared = nn.SyncBatchNorm.convert_sync_batchnorm(child)  # type: ignore[no-untyped-call]
            setattr(net, name, shared)


def _shared(norm: nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d) -> SharedBatchNorm:
    shared = SharedBatchNorm(norm.num_features, norm.eps, norm.momentum, norm.affine)
    shared.weight, shared.bias = norm.weight, norm.bias
    shared.running_mean, shared.running_var = norm.running_mean, norm.running_var
    shared.num_batches_tracked = norm.num_batches_tracked
    shared.train(norm.training)
    return shared
