"""The figures of an evaluation of masks, per structure, in the mean, and case by case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from medssl.evaluate.segmentation.overlap import Overlap

FIGURES = Overlap._fields


def segmentation_report(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> dict[str, Any]:
    """Average rows of ``image, structure, dice, iou, hd95_mm, confidence``.

    Returns
    -------
    dict
        ``dice``, ``iou``, ``hd95_mm``: means over the structures; ``per_structure``: means over
        the images with ``n``; ``confidence_spearman``: rank correlation of confidence and Dice
        over the images, mean over the structures.
        ``hd95_mm`` is None where no distance is known.
    """
    per_structure = {
        name: _means([row for row in rows if row["structure"] == name]) for name in names
    }
    means = {
        figure: _mean([of_one[figure] for of_one in per_structure.values()]) for figure in FIGURES
    }
    ranks = _mean([_spearman([row for row in rows if row["structure"] == n]) for n in names])
    return {**means, "per_structure": per_structure, "confidence_spearman": ranks}


def _means(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    scored = [row for row in rows if row["dice"] is not None]
    means = {figure: _mean([row[figure] for row in scored]) for figure in FIGURES}
    return {**means, "n": len(scored)}


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _spearman(rows: Sequence[dict[str, Any]]) -> float | None:
    pairs = [(row["confidence"], row["dice"]) for row in rows if row["dice"] is not None]
    confidence, dice = np.array(pairs, float).reshape(-1, 2).T
    if len(pairs) < 3 or np.ptp(confidence) == 0 or np.ptp(dice) == 0:
        return None
    return float(spearmanr(confidence, dice).statistic)
