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
        ``(V, E, *cells)``, unit length; None in stages without a use for it.
    patches
        ``(V, E, *grid)``: embeddings pooled on the stage's grid, or None where it has none.
    assignment
        ``(V, K, *cells)``: share of each cluster in a cell, of sum 1, or None in stages without
        clusters.
    deepest
        ``(V, C, *cells)``: the encoder's coarsest map, or None where no objective needs it.
    restored
        ``(V, C, *view)``: the views as the net believes they were before they were distorted,
        values 0 to 1, or None where no objective needs them.
    """

    embedding: Tensor | None = None
    patches: Tensor | None = None
    assignment: Tensor | None = None
    deepest: Tensor | None = None
    restored: Tensor | None = None

    @property
    def cells(self) -> Tensor:
        """The embedding, in stages that have one, in single precision."""
        assert self.embedding is not None
        return self.embedding.float()


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
