"""The tree in which clusters merge: from fine to coarse and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medssl.errors import SettingsError


@dataclass(frozen=True)
class MergeTree:
    """Which clusters merge, in order.

    Parameters
    ----------
    count
        Number of clusters ``K`` at the finest level.
    merges
        ``K − 1`` pairs: the second joins the first, both named by their smallest cluster.
    """

    count: int
    merges: tuple[tuple[int, int], ...]

    def groups(self, level: int) -> NDArray[np.int64]:
        """Return the group of each cluster ``(K,)`` when `level` groups are left: 0 to level − 1.

        Of two levels the coarser one never splits a group of the finer one.

        Raises
        ------
        SettingsError
            If there is no such level.
        """
        if not 1 <= level <= self.count:
            raise SettingsError(
                f"{level} structures cannot be shown: there are 1 to {self.count} clusters"
            )
        owner = np.arange(self.count)
        for kept, joined in self.merges[: self.count - level]:
            owner[owner == joined] = kept
        return np.unique(owner, return_inverse=True)[1].astype(np.int64)


def merge_tree(centres: NDArray[np.floating[Any]], sizes: NDArray[Any]) -> MergeTree:
    """Merge the two clusters whose union adds the least spread, again and again (Ward).

    Parameters
    ----------
    centres
        ``(K, F)``: one vector a cluster.
    sizes
        ``(K,)``: how much belongs to each.

    References
    ----------
    J. H. Ward, Hierarchical grouping to optimize an objective function, JASA 58, 1963.
    """
    mean = np.asarray(centres, np.float64).copy()
    size = np.maximum(np.asarray(sizes, np.float64), 1e-6)
    count = len(mean)
    squares = ((mean[:, None] - mean[None]) ** 2).sum(-1)
    cost = squares * (size[:, None] * size[None]) / (size[:, None] + size[None])
    np.fill_diagonal(cost, np.inf)
    merges = []
    for _ in range(count - 1):
        one, other = divmod(int(cost.argmin()), count)
        kept, joined = min(one, other), max(one, other)
        merges.append((kept, joined))
        total = size[kept] + size[joined]
        mean[kept] = (size[kept] * mean[kept] + size[joined] * mean[joined]) / total
        size[kept] = total
        cost[joined], cost[:, joined] = np.inf, np.inf
        left = np.isfinite(cost[kept])
        away = ((mean[left] - mean[kept]) ** 2).sum(-1)
        cost[kept, left] = cost[left, kept] = away * total * size[left] / (total + size[left])
    return MergeTree(count, tuple(merges))
