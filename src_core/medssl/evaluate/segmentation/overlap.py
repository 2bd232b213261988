"""How well two masks agree: MONAI's Dice, IoU and Hausdorff distance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

PERCENTILE = 95


class Overlap(NamedTuple):
    """Scores of a mask; None where they are not defined.

    `hd95_mm` is the 95th percentile of the distances between the borders, the larger of both
    directions.
    """

    dice: float | None
    iou: float | None
    hd95_mm: float | None


def overlap(
    predicted: NDArray[np.bool_], truth: NDArray[np.bool_], spacing_mm: Sequence[float] | None
) -> Overlap:
    """Score a mask by MONAI's metrics.

    Parameters
    ----------
    predicted, truth
        Masks ``(*spatial,)``. Where the true one is empty nothing is defined; where the predicted
        one is, Dice and IoU are 0 and there is no distance.
    spacing_mm
        Voxel size along the array axes; None: distances are not known.
    """
    if not truth.any():
        return Overlap(None, None, None)
    import torch
    from monai import metrics  # takes seconds to import

    one, other = (torch.from_numpy(mask[None, None].copy()) for mask in (predicted, truth))
    dice = float(metrics.compute_dice(one, other, ignore_empty=False))
    iou = float(metrics.compute_iou(one, other, ignore_empty=False))
    if spacing_mm is None or not predicted.any():
        return Overlap(dice, iou, None)
    away = float(
        metrics.compute_hausdorff_distance(
            one, other, include_background=True, percentile=PERCENTILE, spacing=list(spacing_mm)
        )
    )
    return Overlap(dice, iou, away if math.isfinite(away) else None)
