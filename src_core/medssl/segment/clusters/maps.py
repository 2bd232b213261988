"""The structures of an image as a label map on its own grid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medssl.embed import EmbeddedCase
from medssl.prepare.maps import to_source
from medssl.segment.clusters.finding import Clusters, Floats
from medssl.segment.clusters.refining import Guide, RefineSettings, to_voxels


def structure_map(
    clusters: Clusters, case: EmbeddedCase, level: int, settings: RefineSettings
) -> NDArray[np.uint16]:
    """Return which of `level` structures each voxel belongs to: 1 to `level`, on the source grid.

    Borders follow the image; the same value is the same structure in all images of a cohort.

    Raises
    ------
    SettingsError
        If there is no such level.
    """
    groups = clusters.tree.groups(level)
    shares = clusters.shares(case)
    guide = Guide(case.case.array, settings)
    best: NDArray[np.float32] | None = None
    labels = np.ones(case.case.source_grid.shape, np.uint16)
    for group in range(level):
        cells = shares[groups == group].sum(0, keepdims=True)
        if cells.max() < 1 / (2 * level):
            continue  # it can be the likeliest nowhere
        smooth = guide.smooth(to_voxels(cells, case)[0])
        fine = to_source(smooth[None], case.case.grid, case.case.source_grid)[0]
        if best is None:
            best = np.full(fine.shape, -np.inf, np.float32)
        better = fine > best
        best[better] = fine[better]
        labels[better] = group + 1
    return labels


def cluster_map(shares: Floats, case: EmbeddedCase, settings: RefineSettings) -> NDArray[np.uint16]:
    """Return the cluster of each voxel of the working grid: 0 to K - 1.

    The structures of a level are ``tree.groups(level)[map]``: every level of the merge tree can be
    shown at once, and a union of clusters lies where `organ_share` says. In pictures borders follow
    the image; in volumes they are those of the cells.

    Parameters
    ----------
    shares
        ``(K, *cells)``: what `Clusters.shares` gives for the image.
    case
        The image.
    settings
        How borders are smoothed.
    """
    nearest = shares.argmax(0).astype(np.uint16)
    working = case.case.grid
    if working.ndim == 3:
        for axis in range(3):
            nearest = np.repeat(nearest, case.stride, axis)
        return np.ascontiguousarray(nearest[tuple(slice(0, side) for side in working.shape)])
    guide = Guide(case.case.array, settings)
    best = np.full(working.shape, -np.inf, np.float32)
    labels = np.zeros(working.shape, np.uint16)
    for cluster in np.unique(nearest):
        cells = (nearest == cluster).astype(np.float32)
        smooth = guide.smooth(to_voxels(cells[None], case)[0])
        better = smooth > best
        best[better] = smooth[better]
        labels[better] = cluster
    return labels
