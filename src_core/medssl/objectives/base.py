"""What every objective gives the trainer."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor


@dataclass(frozen=True)
class ObjectiveResult:
    """A loss to minimise, and what a person may want to watch.

    Parameters
    ----------
    loss
        Scalar that carries a gradient.
    metrics
        Scalars without gradient, by name.
    """

    loss: Tensor
    metrics: dict[str, Tensor] = field(default_factory=dict)
