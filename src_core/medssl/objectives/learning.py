"""Objectives that learn themselves: with heads, memories, or a net of their own."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod

from torch import Tensor, nn
from torch.optim import Optimizer

from medssl.nets import DenseNet
from medssl.objectives.base import Outputs
from medssl.views.dense import DenseViews


class LearningObjective(nn.Module, ABC):
    """An objective with weights of its own; what it does beside its loss is said here.

    Its parameters that require a gradient when it was attached are trained together with the net.
    Everything in its state dict is in the checkpoints.

    Attributes
    ----------
    own_optimiser
        Trains what the net's optimiser must not, in `after_step`; None: there is nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.own_optimiser: Optimizer | None = None

    @abstractmethod
    def attach(self, net: DenseNet) -> None:
        """Build the heads for a net, before anything is trained."""

    def steady_parameters(self) -> list[nn.Parameter]:
        """Return those of its parameters whose learning rate stays at the highest."""
        return []

    def after_step(
        self,
        views: DenseViews,  # noqa: ARG002 - for those that override
        outputs: Outputs,  # noqa: ARG002
    ) -> dict[str, Tensor]:
        """Do what comes after a step of the net; returns what to watch."""
        return {}


def pooled(maps: Tensor) -> Tensor:
    """Average maps ``(B, C, *cells)`` over their cells, in single precision: ``(B, C)``."""
    return maps.float().flatten(2).mean(2)


def mlp(*channels: int, norm: bool, last_norm: bool = False) -> nn.Sequential:
    """Return linear layers with ReLU between them.

    Parameters
    ----------
    channels
        What goes in, and what each layer gives.
    norm
        Whether batch norm follows each layer but the last.
    last_norm
        Whether batch norm without weights follows the last.
    """
    layers: list[nn.Module] = []
    last = len(channels) - 2
    for number, (inside, outside) in enumerate(itertools.pairwise(channels)):
        normed = norm and number < last
        layers.append(nn.Linear(inside, outside, bias=not normed))
        if number < last:
            layers += [nn.BatchNorm1d(outside)] if norm else []
            layers.append(nn.ReLU(inplace=True))
        elif last_norm:
            layers.append(nn.BatchNorm1d(outside, affine=False))
    return nn.Sequential(*layers)
