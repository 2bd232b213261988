"""Clusters that are of no use, recognised while they are learned."""

from __future__ import annotations

import math
from collections.abc import Mapping

PATIENCE = 5
"""Events in a row before anything is said."""
UNIFORM_ABOVE = 0.9
"""Share of the highest possible entropy."""
COLLAPSED_BELOW = 0.05
"""Share of the way from one cluster to all."""


class ClusterWatch:
    """Looks at the metrics of the second stage, once it had time to find clusters.

    Parameters
    ----------
    clusters
        Number of clusters.
    from_step
        Steps done before which nothing is said: assignments begin uniform.
    """

    def __init__(self, clusters: int, from_step: int) -> None:
        self.clusters = clusters
        self.from_step = from_step
        self._collapsed = self._uniform = 0

    def see(self, done: int, metrics: Mapping[str, float]) -> list[str]:
        """Return what must be said after `done` steps, each thing once."""
        effective, entropy = metrics.get("effective_clusters"), metrics.get("pixel_entropy")
        if done < self.from_step or effective is None or entropy is None:
            return []
        few = effective < 1 + COLLAPSED_BELOW * (self.clusters - 1)
        unsure = entropy > UNIFORM_ABOVE * math.log2(self.clusters)
        self._collapsed = self._collapsed + 1 if few else 0
        self._uniform = self._uniform + 1 if unsure else 0
        said = []
        if self._collapsed == PATIENCE:
            said.append(
                f"the clusters have collapsed at step {done}: nearly all cells belong to the same "
                f"one (effective number {effective:.1f} of {self.clusters}). Cluster maps mean "
                "nothing; train longer, with fewer clusters, with --balance 1, or on more varied "
                "images."
            )
        if self._uniform == PATIENCE:
            said.append(
                f"at step {done} cells still belong to all clusters alike ({entropy:.1f} of "
                f"{math.log2(self.clusters):.1f} bits). Cluster maps mean little; train longer or "
                "with fewer clusters."
            )
        return said
