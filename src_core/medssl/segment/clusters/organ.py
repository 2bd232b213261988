"""An organ as a union of clusters: chosen on few images, read in all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medssl.embed import EmbeddedCase
from medssl.errors import SettingsError
from medssl.prepare.maps import to_source, to_working
from medssl.segment.clusters.features import pooled
from medssl.segment.clusters.finding import Clusters, Floats
from medssl.segment.clusters.refining import (
    CERTAIN,
    Guide,
    RefineSettings,
    to_voxels,
    without_islands,
)


@dataclass(frozen=True)
class Coverage:
    """How clusters and a mask lie over each other, in cells.

    Parameters
    ----------
    inside
        ``(K,)``: cells of each cluster that the mask covers.
    whole
        ``(K,)``: cells of each cluster.
    mask
        Cells that the mask covers.
    """

    inside: NDArray[np.float64]
    whole: NDArray[np.float64]
    mask: float

    def __add__(self, other: Coverage) -> Coverage:
        """Join two images."""
        return Coverage(
            self.inside + other.inside, self.whole + other.whole, self.mask + other.mask
        )

    @property
    def single(self) -> int:
        """The cluster whose Dice with the mask is the highest."""
        return int((2 * self.inside / np.maximum(self.whole + self.mask, 1e-9)).argmax())

    @property
    def union(self) -> tuple[int, ...]:
        """The clusters whose union has the highest Dice with the mask.

        The best union holds the clusters that lie inside to more than some share, so that only
        the orders by that share have to be tried.
        """
        share = self.inside / np.maximum(self.whole, 1e-9)
        order = np.argsort(-share)
        dice = 2 * self.inside[order].cumsum() / (self.whole[order].cumsum() + self.mask)
        return tuple(sorted(int(one) for one in order[: int(dice.argmax()) + 1]))


def coverage(clusters: Clusters, case: EmbeddedCase, mask: NDArray[np.bool_]) -> Coverage:
    """Lay a mask on the image's own grid over the clusters of the image.

    Raises
    ------
    SettingsError
        If the mask is empty: nothing can be learned from it.
    """
    if not mask.any():
        raise SettingsError(f"{case.case.name}: the mask is empty; draw the organ in this image")
    working = to_working(mask[None], case.case.source_grid, case.case.grid)
    covered = pooled(working, case.stride, case.cells).ravel()
    shares = clusters.shares(case).reshape(clusters.tree.count, -1)
    nearest = np.eye(clusters.tree.count, dtype=np.float32)[shares.argmax(0)].T
    return Coverage(
        (nearest @ covered).astype(np.float64),
        nearest.sum(1).astype(np.float64),
        float(covered.sum()),
    )


def organ_share(
    shares: Floats, members: Sequence[int], case: EmbeddedCase, settings: RefineSettings
) -> Floats:
    """Return the share of an organ in each voxel of the working grid, smoothed along the image.

    A cell belongs to the organ if its likeliest cluster does: what a union was chosen by.

    Parameters
    ----------
    shares
        ``(K, *cells)``: what `Clusters.shares` gives for the image.
    members
        The clusters of the organ.
    case
        The image.
    settings
        How the border is smoothed.
    """
    cells = np.isin(shares.argmax(0), list(members)).astype(np.float32)
    voxels = to_voxels(cells[None], case)[0]
    return Guide(case.case.array, settings).smooth_share(voxels)


def organ_trust(shares: Floats, members: Sequence[int]) -> float:
    """Return the Dice that an organ's cells can expect if the shares of clusters are right."""
    inside = np.isin(shares.argmax(0), list(members))
    return expected_dice(shares[list(members)].sum(0), inside)


def organ_mask(share: Floats, case: EmbeddedCase, settings: RefineSettings) -> NDArray[np.bool_]:
    """Return the mask of an organ on the image's own grid, from its share in working voxels."""
    case_ = case.case
    kept = without_islands(share > CERTAIN, settings.island)
    cut = np.where(kept, np.maximum(share, CERTAIN + 1e-3), np.minimum(share, CERTAIN))
    return np.asarray(to_source(cut[None], case_.grid, case_.source_grid)[0] > CERTAIN)


def expected_dice(share: NDArray[Any], inside: NDArray[np.bool_] | None = None) -> float:
    """Return the Dice that a mask can expect if its shares were probabilities; 0 where empty.

    Parameters
    ----------
    share
        Probability of the organ, cell by cell or voxel by voxel.
    inside
        The mask; None: where the share is above one half.
    """
    inside = share > CERTAIN if inside is None else inside
    total = float(share.sum()) + float(inside.sum())
    return 2 * float(share[inside].sum()) / total if total > 0 and inside.any() else 0.0


def typicality(sizes: NDArray[Any]) -> NDArray[np.float64]:
    """Tell how usual the sizes of an organ are in a cohort ``(N,)``: 1 at the median, down to 0.

    Sizes are shares of the image; their spread is the median deviation of their logarithms, and
    taken to be a tenth at least.
    """
    logs = np.log(np.maximum(np.asarray(sizes, np.float64), 1e-6))
    away = np.abs(logs - np.median(logs))
    spread = max(0.1, 1.4826 * float(np.median(away)))
    return np.asarray(np.exp(-((away / (2 * spread)) ** 2)))
