"""The table: any lesion and each class, with the method and each control side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medssl.evaluate.bootstrap import interval
from medssl.evaluate.lesions.kept import Answer
from medssl.evaluate.lesions.scores import (
    THRESHOLDS,
    MapScore,
    best_threshold,
    score_map,
    score_regions,
)
from medssl.evaluate.lesions.sheet import Picked, pick
from medssl.evaluate.lesions.truth import LesionTruth
from medssl.evaluate.scores import auc
from medssl.lesions import LESION, LesionLabels, on_source
from medssl.prepare import Case
from medssl.progress import Progress

METHOD = "method"
Show = Callable[[Picked], None]
_DRAWS = 2000
_BOXES = (0.3, 0.5)


def score_blocks(
    cases: Sequence[Case],
    labels: LesionLabels,
    parts: NDArray[np.int64],
    answers: Mapping[str, Mapping[str, Answer]],
    truth: LesionTruth,
    progress: Progress,
    show: Show | None = None,
) -> dict[str, Any]:
    """Score all answers: by block, then by who answered.

    Parameters
    ----------
    cases, labels, parts
        The images, what is known of them, and the part of each.
    answers
        By who answered (`METHOD` or a control), then by image.
    truth
        The masks.
    progress
        Told of each block and each who.
    show
        Called with each lesion image that has a mask, as the method answered it.
    """
    questions = {LESION: 0} | labels.classes
    made: dict[str, Any] = {}
    total = len(questions) * len(answers)
    for block, question in questions.items():
        made[block] = {}
        for name, given in answers.items():
            done = len(made) * len(answers) - len(answers) + len(made[block])
            progress(done, total, f"scoring {name} for {block}")
            shown = show if (block, name) == (LESION, METHOD) else None
            made[block][name] = _score(cases, labels, parts, given, truth, block, question, shown)
    return made


def _score(
    cases: Sequence[Case],
    labels: LesionLabels,
    parts: NDArray[np.int64],
    answers: Mapping[str, Answer],
    truth: LesionTruth,
    block: str,
    question: int,
    show: Show | None,
) -> dict[str, Any]:
    present = labels.stacked([case.key for case in cases])[:, question] > 0
    scores = np.array([answers[case.key].scores[question] for case in cases])
    masks = {
        number: truth.mask(case, block) for number, case in enumerate(cases) if present[number]
    }
    scored = [number for number, mask in masks.items() if mask is not None]
    shown = [number for number in range(len(cases)) if number in scored or not present[number]]
    maps = {
        number: on_source(answers[cases[number].key].maps[[question]], cases[number])[0]
        for number in shown
    }
    result = _image_scores(scores, present, labels, cases)
    result |= {"images": len(cases), "positives": int(present.sum()), "mapped": len(scored)}
    if not scored:
        return result | dict.fromkeys(_MAP_SCORES)
    fits: dict[int, MapScore] = {}
    for number in scored:
        mask = masks[number]
        assert mask is not None
        fits[number] = score_map(maps[number], mask)
    curves = np.stack([fits[number].overlaps for number in scored])
    of = parts[scored]
    chosen = {part: _tuned(curves, of, part) for part in np.unique(parts).tolist()}
    tuned = [float(curves[i, chosen[int(part)]]) for i, part in enumerate(of)]
    boxes, wrong = [], []
    for number, values in maps.items():
        threshold = float(THRESHOLDS[chosen[int(parts[number])]])
        mask = masks.get(number)
        region = score_regions(values, mask, cases[number].source_grid, threshold)
        wrong.append(region.false_positives)
        if region.box is not None:
            boxes.append(region.box)
    if show is not None:
        for number, overlap in zip(scored, tuned, strict=True):
            mask = masks[number]
            assert mask is not None
            threshold = float(THRESHOLDS[chosen[int(parts[number])]])
            show(pick(cases[number], overlap, maps[number], mask, threshold))
    pointing = [fits[number].pointing for number in scored]
    return result | {
        "pointing": float(np.mean(pointing)),
        "pointing_interval": _mean_interval(np.array(pointing, np.float64)),
        "iou_at_tuned": float(np.mean(tuned)),
        "iou_at_tuned_interval": _mean_interval(np.array(tuned)),
        "iou_otsu": float(np.mean([fits[number].otsu for number in scored])),
        **{f"box_iou_{least}": float(np.mean(np.array(boxes) >= least)) for least in _BOXES},
        "false_positives_per_image": float(np.mean(wrong)),
        "thresholds": [round(float(THRESHOLDS[chosen[part]]), 2) for part in sorted(chosen)],
    }


_MAP_SCORES = (
    "pointing", "pointing_interval", "iou_at_tuned", "iou_at_tuned_interval", "iou_otsu",
    *(f"box_iou_{least}" for least in _BOXES), "false_positives_per_image", "thresholds",
)  # fmt: skip


def _tuned(curves: NDArray[np.float64], of: NDArray[np.int64], part: int) -> int:
    """Choose the threshold for a part on the images of the others; of all where there are none."""
    others = curves[of != part]
    return best_threshold(others if len(others) else curves)


def _image_scores(
    scores: NDArray[np.float64],
    present: NDArray[np.bool_],
    labels: LesionLabels,
    cases: Sequence[Case],
) -> dict[str, Any]:
    """Area under the curve over all images, and of a class among the images with a lesion."""
    result: dict[str, Any] = dict(zip(("auc", "auc_interval"), _auc(scores, present), strict=True))
    lesion = labels.stacked([case.key for case in cases])[:, 0] > 0
    if (present != lesion).any():
        result["auc_among_lesions"] = _auc(scores[lesion], present[lesion])[0]
    return result


def _auc(
    scores: NDArray[np.float64], present: NDArray[np.bool_]
) -> tuple[float | None, list[float] | None]:
    if present.all() or not present.any():
        return None, None

    def value(_: NDArray[np.int64], chosen: NDArray[np.int64]) -> float:
        return float(auc(scores[chosen, None], present[chosen, None])[0])

    everything = np.arange(len(scores))
    around = interval(value, 1, present.astype(np.int64), _DRAWS)
    return value(everything, everything), [round(one, 4) for one in around]


def _mean_interval(values: NDArray[np.float64]) -> list[float]:
    def mean(_: NDArray[np.int64], chosen: NDArray[np.int64]) -> float:
        return float(values[chosen].mean())

    around = interval(mean, 1, np.zeros(len(values), np.int64), _DRAWS)
    return [round(one, 4) for one in around]
