"""How far predicted landmarks lie from the true ones, in the field's figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import spearmanr

from medssl.errors import SettingsError

REFERENCE_SIDE = 256
"""Errors in pixels are those of the image scaled to this longest side."""

SDR_MM = (2.0, 2.5, 3.0, 4.0, 10.0)
SDR_PERCENT = (2.0, 4.0, 8.0)

Floats = NDArray[np.float64]


def landmark_report(
    predictions: ArrayLike,
    truth: ArrayLike,
    landmarks: Sequence[str],
    shapes: ArrayLike,
    spacings: Sequence[Sequence[float] | None] | None = None,
    confidence: Sequence[float | None] | None = None,
    seconds_per_click: float | None = None,
) -> dict[str, Any]:
    """Score predicted points; one row a point, from as many images as there are.

    Parameters
    ----------
    predictions, truth
        Points ``(n, ndim)`` in source voxels, ``(z, y, x)`` or ``(y, x)``.
    landmarks
        Name of each point's landmark.
    shapes
        Shape ``(n, ndim)`` of each point's image, in voxels.
    spacings
        Voxel size of each point's image in mm, in the order of the array axes; None where it
        is not known.
    confidence
        The method's confidence in each point; None where it gives none.
    seconds_per_click
        Time from one click, before which nothing is known of its image, to the points in all
        other images.

    Returns
    -------
    dict
        ``mre_px``, ``median_px`` (pixels of the image scaled to a longest side of 256),
        ``mre_mm`` (None unless every point's voxel size is known), ``sdr`` (share of points
        whose error is under ``"2mm"`` ... ``"10mm"``, None where unknown, and under ``"2%"``,
        ``"4%"``, ``"8%"`` of the image's diagonal), ``per_landmark`` (``mre_px``,
        ``median_px``, ``mre_mm``, ``n`` each), ``n``, ``seconds_per_click`` and
        ``confidence_spearman`` (rank correlation of confidence with error: -1 is perfect;
        None where there is no confidence, or it is the same everywhere).

    Raises
    ------
    SettingsError
        If there is no point, or the lengths do not fit together.
    """
    offsets, sizes = _paired(predictions, truth, landmarks, shapes)
    voxels = np.linalg.norm(offsets, axis=1)
    error_px = voxels * REFERENCE_SIDE / sizes.max(axis=1)
    steps = _spacings(spacings, offsets.shape)
    error_mm = None if steps is None else np.linalg.norm(offsets * steps, axis=1)
    if steps is None or error_mm is None:
        relative = voxels / np.linalg.norm(sizes, axis=1)
    else:
        relative = error_mm / np.linalg.norm(sizes * steps, axis=1)
    names = np.array(landmarks)
    return {
        **_errors(error_px, error_mm),
        "sdr": _detection_rates(error_mm, 100 * relative),
        "per_landmark": {
            name: _errors(error_px[rows], None if error_mm is None else error_mm[rows])
            for name in dict.fromkeys(landmarks)
            for rows in [names == name]
        },
        "seconds_per_click": seconds_per_click,
        "confidence_spearman": _rank_correlation(confidence, error_px),
    }


def _paired(
    predictions: ArrayLike, truth: ArrayLike, landmarks: Sequence[str], shapes: ArrayLike
) -> tuple[Floats, Floats]:
    predicted, true = np.asarray(predictions, float), np.asarray(truth, float)
    sizes = np.asarray(shapes, float)
    if not len(true):
        raise SettingsError("there is not one point to score; annotate more than one image")
    if true.ndim != 2 or not predicted.shape == true.shape == sizes.shape:
        raise SettingsError(
            f"predictions {predicted.shape}, truth {true.shape} and image shapes {sizes.shape} "
            "do not fit together; give one row a point and one column an axis to each"
        )
    if len(landmarks) != len(true):
        raise SettingsError(f"{len(landmarks)} names for {len(true)} points; name each point")
    return predicted - true, sizes


def _spacings(
    spacings: Sequence[Sequence[float] | None] | None, shape: tuple[int, ...]
) -> Floats | None:
    known = [s for s in spacings or () if s is not None]
    if len(known) < shape[0]:
        return None
    steps = np.array(known, float)
    if steps.shape != shape:
        raise SettingsError(f"spacings {steps.shape} do not fit to points {shape}")
    return steps


def _errors(error_px: Floats, error_mm: Floats | None) -> dict[str, Any]:
    return {
        "mre_px": float(error_px.mean()),
        "median_px": float(np.median(error_px)),
        "mre_mm": None if error_mm is None else float(error_mm.mean()),
        "n": len(error_px),
    }


def _detection_rates(error_mm: Floats | None, percent: Floats) -> dict[str, float | None]:
    rates: dict[str, float | None] = {
        f"{limit:g}mm": None if error_mm is None else float((error_mm < limit).mean())
        for limit in SDR_MM
    }
    return rates | {f"{limit:g}%": float((percent < limit).mean()) for limit in SDR_PERCENT}


def _rank_correlation(confidence: Sequence[float | None] | None, error: Floats) -> float | None:
    if confidence is None or any(c is None for c in confidence):
        return None
    values = np.array(confidence, float)
    if values.shape != error.shape:
        raise SettingsError(f"{len(values)} confidences for {len(error)} points; give one each")
    if len(error) < 3 or np.ptp(values) == 0 or np.ptp(error) == 0:
        return None
    return float(spearmanr(values, error).statistic)
