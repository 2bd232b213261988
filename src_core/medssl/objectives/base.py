"""What every objective takes and gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from torch import Tensor


class Outputs(NamedTuple):
    """What the net makes of ``V`` views; a tuple, since compiled and wrapped nets pass it on.

    Parameters
    ----------
    embedding
        ``(V, E, *cells)``, unit length.
    patches
        ``(V, E, *grid)``: embeddings pooled on the stage's grid, or None where it has none.
    assignment
        ``(V, K, *cells)``: share of each cluster in a cell, of sum 1, or None in stages without
        clusters.
    """

    embedding: Tensor
    patches: Tensor | None = None
    assignment: Tensor | None = None


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
