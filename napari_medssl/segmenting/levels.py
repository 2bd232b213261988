"""Levels: coarser and finer structures, along the merge tree of the clusters."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_medssl.cohorts.looking import Looking

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from medssl.segment.clusters import MergeTree

USUAL_LEVEL = 16


class Levels(Looking):
    """Says which clusters are one structure at the level that is shown.

    Attributes
    ----------
    tree
        How the clusters merge; None before there are any.
    level
        How many structures are shown.
    """

    level_changed = Signal()

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.tree: MergeTree | None = None
        self.level = USUAL_LEVEL

    def set_level(self, level: int) -> None:
        """Show coarser or finer structures, at once."""
        if self.tree is not None and level != self.level:
            self.level = min(max(1, level), self.tree.count)
            self.level_changed.emit()

    def groups(self) -> NDArray[np.int64] | None:
        """Give the structure of each cluster at the level that is shown, from 0."""
        return None if self.tree is None else self.tree.groups(self.level)

    def structure_of(self, cluster: int) -> frozenset[int]:
        """Give all clusters of the structure that a cluster is shown in."""
        groups = self.groups()
        if groups is None:
            return frozenset()
        return frozenset(int(one) for one in (groups == groups[cluster]).nonzero()[0])

    def shown_structures(self, members: Collection[int]) -> list[int]:
        """Give the numbers of the structures, as they are shown, that hold some clusters."""
        groups = self.groups()
        return [] if groups is None else sorted({int(groups[one]) + 1 for one in members})
