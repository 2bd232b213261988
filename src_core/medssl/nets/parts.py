"""Which outputs of a net are wanted, and those outputs."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Parts(NamedTuple):
    """Which outputs are wanted; what only the others need is not computed.

    Parameters
    ----------
    embedding, assignment, deepest, restored
        As in `NetOutputs`.
    """

    embedding: bool = True
    assignment: bool = False
    deepest: bool = False
    restored: bool = False


class NetOutputs(NamedTuple):
    """What a net makes of ``V`` images; None where it was not wanted.

    Parameters
    ----------
    embedding
        ``(V, E, *cells)``, unit length.
    assignment
        ``(V, K, *cells)``: shares of the clusters, of sum 1.
    deepest
        ``(V, C, *cells)``: the encoder's coarsest map.
    restored
        ``(V, C, *spatial)``: the image as the net believes it was, values 0 to 1.
    """

    embedding: Tensor | None = None
    assignment: Tensor | None = None
    deepest: Tensor | None = None
    restored: Tensor | None = None
