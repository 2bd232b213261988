"""Momentum contrast: an image is told from a queue of others."""

from __future__ import annotations

import copy
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn import functional as F

from medssl.nets import DenseNet, normalise_input
from medssl.nets.blocks import unit_length
from medssl.objectives.base import ObjectiveResult, Outputs
from medssl.objectives.gather import across_processes
from medssl.objectives.learning import LearningObjective, mlp, pooled
from medssl.objectives.spread import embedding_spread
from medssl.views.dense import DenseViews
from medssl.views.distorted import DistortedViews


class MocoSettings(BaseModel):
    """Head, queue and momentum; the published values are the defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["moco"] = "moco"
    weight: float = Field(default=1.0, ge=0, description="Weight in the sum of losses.")
    temperature: float = Field(default=0.2, gt=0, description="Temperature of the softmax.")
    momentum: float = Field(
        default=0.999, ge=0, lt=1, description="Share of itself that the key encoder keeps a step."
    )
    queue: int = Field(default=65_536, ge=1, description="Keys that are remembered.")
    hidden: int = Field(default=2048, ge=1, description="Width of the head's hidden layer.")
    channels: int = Field(default=128, ge=2, description="Length of queries and keys.")


class Moco(LearningObjective):
    """MoCo-v2 [1]_: cross-entropy of the query's own key against a queue of keys.

    With the query ``q`` of view 1 and the key ``k⁺`` of view 2, both of unit length, and the keys
    ``k_1 … k_K`` of the queue:

        L = −log exp(q·k⁺/T) / (exp(q·k⁺/T) + Σ_i exp(q·k_i/T))

    It is ``log(1 + K)`` where keys tell nothing. Keys come from a copy of encoder and head that
    follows them, ``θ_k ← m·θ_k + (1 − m)·θ_q`` after each step; no gradient reaches it. Two things
    are ours: its batch norms use running statistics, which follow likewise, so that the queries
    cannot recognise the batch of a key [2]_; and ``m`` rises as ``(1 + t)/(10 + t)`` up to its
    value, so that in short trainings the keys leave the random beginning.

    The queue begins with random directions and moves in training only.

    Parameters
    ----------
    settings
        Head, queue, momentum.

    References
    ----------
    .. [1] K. He et al., arXiv 1911.05722; X. Chen et al., arXiv 2003.04297.
    .. [2] Z. Cai et al., Exponential Moving Average Normalization, arXiv 2101.08482.

    Examples
    --------
    >>> objective = Moco(MocoSettings(queue=7))
    >>> same = F.normalize(torch.ones(2, 4), dim=1)
    >>> round(float(objective.loss(same, same, same[:1].expand(7, 4))), 4)  # log 8
    2.0794
    """

    queue: Tensor
    position: Tensor
    steps: Tensor

    def __init__(self, settings: MocoSettings) -> None:
        super().__init__()
        self.settings = settings
        self._keys: Tensor | None = None

    def attach(self, net: DenseNet) -> None:
        """Build the head, and copy it and the net's encoder."""
        settings = self.settings
        width = net.architecture.widths[-1]
        self.head = mlp(width, settings.hidden, settings.channels, norm=False)
        self.key_encoder = copy.deepcopy(net.encoder).requires_grad_(False)
        self.key_head = copy.deepcopy(self.head).requires_grad_(False)
        self._followed: tuple[nn.Module, ...] = (net.encoder,)
        self.register_buffer("queue", unit_length(torch.randn(settings.queue, settings.channels)))
        self.register_buffer("position", torch.zeros((), dtype=torch.long))
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))

    def train(self, mode: bool = True) -> Moco:
        """Set the mode of all but the key encoder, which stays in evaluation."""
        super().train(mode)
        if hasattr(self, "key_encoder"):
            self.key_encoder.eval()
        return self

    def forward(self, views: DistortedViews, outputs: Outputs, stride: int) -> ObjectiveResult:  # noqa: ARG002
        """Loss of a batch; the deepest maps of ``views.images`` are used.

        Parameters
        ----------
        views
            First views are queries, second views keys.
        outputs
            ``outputs.deepest`` is ``(2·B, C, *cells)``.
        stride
            Not used.
        """
        assert outputs.deepest is not None
        own = unit_length(self.head(pooled(outputs.deepest.chunk(2)[0])))
        queries = across_processes(own)
        keys = across_processes(self._key(views.images.chunk(2)[1], outputs.deepest.dtype))
        if self.training:
            self._keys = keys
        loss = self.loss(queries, keys, self.queue.clone())
        known = queries.detach()
        metrics = {
            "key_similarity": (known * keys).sum(1).mean(),
            "image_spread": embedding_spread(known),
        }
        return ObjectiveResult(loss, metrics)

    def loss(self, queries: Tensor, keys: Tensor, queue: Tensor) -> Tensor:
        """Loss of unit vectors ``(B, E)`` against a queue ``(K, E)``."""
        own = (queries * keys).sum(1, keepdim=True)
        logits = torch.cat((own, queries @ queue.T), dim=1) / self.settings.temperature
        return F.cross_entropy(logits, torch.zeros_like(logits[:, 0], dtype=torch.long))

    @torch.no_grad()
    def after_step(self, views: DenseViews, outputs: Outputs) -> dict[str, Tensor]:  # noqa: ARG002
        """Let the key encoder follow, and put the keys of the step into the queue."""
        count = float(self.steps)
        momentum = min(self.settings.momentum, (1 + count) / (10 + count))
        for mine, its in (
            (self.key_encoder, self._followed[0]),
            (self.key_head, self.head),
        ):
            _follow(mine, its, momentum)
        self.steps += 1
        assert self._keys is not None
        keys = self._keys[-len(self.queue) :]
        places = (self.position + torch.arange(len(keys), device=keys.device)) % len(self.queue)
        self.queue[places] = keys
        self.position.copy_((self.position + len(keys)) % len(self.queue))
        self._keys = None
        return {}

    @torch.no_grad()
    def _key(self, images: Tensor, dtype: torch.dtype) -> Tensor:
        """Return keys ``(B, E)`` of images, in the precision of the queries."""
        low = dtype == torch.bfloat16
        with torch.autocast(images.device.type, torch.bfloat16, enabled=low):
            deepest = self.key_encoder(normalise_input(images))[-1]
        return unit_length(self.key_head(pooled(deepest)))


def _follow(mine: nn.Module, its: nn.Module, momentum: float) -> None:
    for own, other in zip(mine.parameters(), its.parameters(), strict=True):
        own.lerp_(other, 1 - momentum)
    for kept, newer in zip(mine.buffers(), its.buffers(), strict=True):
        if kept.is_floating_point():
            kept.lerp_(newer, 1 - momentum)
        else:
            kept.copy_(newer)
