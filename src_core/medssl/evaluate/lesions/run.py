"""Lesion maps from labels of whole images, scored against masks that nothing learned from."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medssl.embed.dimension import choose_ndim
from medssl.errors import SettingsError
from medssl.evaluate.lesions.blocks import METHOD, Show, score_blocks
from medssl.evaluate.lesions.controls import CONTROLS
from medssl.evaluate.lesions.kept import Answer, Answers, KeptParts
from medssl.evaluate.lesions.truth import open_truth
from medssl.io import ImageListing
from medssl.lesions import (
    METHODS,
    LesionBase,
    LesionLabels,
    LesionModel,
    LesionSettings,
    Method,
    RegionSettings,
    fit_lesions,
    open_lesion_base,
    read_lesion_labels,
    smoothed,
)
from medssl.lesions.folds import deal_folds
from medssl.prepare import ArrayCache, Case, prepare_cohort
from medssl.progress import Progress, silent
from medssl.transfer import draw_labelled


@dataclass(frozen=True)
class LesionTrial:
    """What is measured.

    Parameters
    ----------
    model
        What the nets begin with: a folder, ``random``, or ``random:FOLDER``.
    folds
        Parts of the images; each is answered by nets that learned from the others.
    seed
        Of parts, draws and learning.
    labels_per_class
        Images of each class that are learned from; None: all.
    method
        Of the maps.
    sliced
        ``random`` alone: volumes slice by slice.
    settings
        How the nets learn; None: the quick preset.
    device
        Where.
    also
        Other methods whose maps, of the same nets, are scored beside it under their names.
    """

    model: str = "random"
    folds: int = 5
    seed: int = 0
    labels_per_class: int | None = None
    method: Method = METHODS[0]
    sliced: bool = False
    settings: LesionSettings | None = None
    device: str = "auto"
    also: tuple[Method, ...] = ()

    @property
    def methods(self) -> dict[str, Method]:
        """The methods, by the name that their scores have."""
        return {METHOD: self.method} | {one: one for one in self.also}


def evaluate_lesions(
    images: ImageListing,
    labels: str | Path,
    masks: str | Path,
    trial: LesionTrial,
    columns: Sequence[str] = ("label",),
    normal: str = "normal",
    groups: Mapping[str, str] | None = None,
    cache: ArrayCache | None = None,
    keep: Path | None = None,
    progress: Progress = silent,
    show: Show | None = None,
) -> dict[str, Any]:
    """Fit without each part of the images, answer it, and score answers and maps.

    Masks are read before the first training to see that they fit, and after the last to score.

    Parameters
    ----------
    images
        All images.
    labels
        Table with ``image`` and `columns`.
    masks
        Folder of masks.
    trial
        What is measured.
    columns, normal
        As of `read_lesion_labels`.
    groups
        By key: what belongs together and stays in one part, in place of the table's own.
    cache
        Of prepared images; by default the user's.
    keep
        Folder in which the answers of finished parts are kept: the same call goes on from there.
    progress
        Told throughout; may raise `Cancelled`.
    show
        Called with each lesion image that has a mask, as the method answered it.

    Returns
    -------
    dict
        ``lesion`` and each class: the scores of ``method``, of the methods of
        ``also``, and of each control; ``images`` (what
        was said of each), ``thresholds``, ``notes``, and what was measured.

    Raises
    ------
    SettingsError
        If there are too few images for that.
    FileRefusedError
        If labels or masks do not fit the images.
    """
    known = read_lesion_labels(labels, images.sources, columns, normal)
    volumes = choose_ndim(images.sources) == 3
    base = open_lesion_base(trial.model, 3 if volumes else 2, trial.sliced)
    settings = trial.settings or LesionSettings.preset(
        ndim=base.architecture.ndim, device=trial.device, seed=trial.seed
    )
    prepared = prepare_cohort(
        images.sources, base.input, cache if cache is not None else ArrayCache(), progress=progress
    )
    known = known.only([case.key for case in prepared.cases])
    together = dict(groups) if groups is not None else known.groups
    cases = [case for case in prepared.cases if case.key in known.targets]
    truth = open_truth(masks, cases, known)
    for case in cases:
        truth.files.read(case)
    keys = [case.key for case in cases]
    parts = deal_folds(keys, known.kinds, together, trial.folds, trial.seed)
    _require_parts(known, keys, parts)
    begun = time.monotonic()
    kept = KeptParts(keep, _told(trial, base, settings, known, keys, together), cases)
    answers, notes = _answers(cases, known, parts, base, settings, trial, together, kept, progress)
    return {
        **score_blocks(cases, known, parts, answers, truth, progress, show),
        "images": _rows(cases, known, parts, answers[METHOD]),
        "questions": list(known.questions),
        "model": base.record or {"folder": trial.model},
        "map": trial.method,
        "folds": trial.folds,
        "seed": trial.seed,
        "labels_per_class": trial.labels_per_class,
        "settings": settings.model_dump(mode="json"),
        "seconds": round(time.monotonic() - begun, 1),
        "notes": [*known.notes, *notes, *prepared.warnings],
        "problems": [problem.message for problem in (*images.problems, *prepared.problems)],
    }


def _require_parts(labels: LesionLabels, keys: Sequence[str], parts: NDArray[np.int64]) -> None:
    lesion = labels.stacked(keys)[:, 0] > 0
    count = int(parts.max()) + 1 if len(parts) else 0
    for part in range(count):
        taught = lesion[parts != part]
        if min(taught.sum(), (~taught).sum()) < 2:
            raise SettingsError(
                f"without part {part + 1} of {count} there are {int(taught.sum())} images with a "
                f"lesion and {int((~taught).sum())} without to learn from; at least 2 of each "
                "are needed. Take fewer folds, or label more images"
            )


def _told(
    trial: LesionTrial,
    base: LesionBase,
    settings: LesionSettings,
    labels: LesionLabels,
    keys: Sequence[str],
    groups: Mapping[str, str],
) -> dict[str, Any]:
    """Return what, beside the images, the answers of a part follow from."""
    return {
        "net": base.architecture.model_dump(mode="json"),
        "weights": base.identity,
        "sliced": base.sliced,
        "methods": trial.methods,
        "settings": settings.model_dump(mode="json", exclude={"learning": {"device"}}),
        "targets": {key: [labels.kinds[key], *labels.targets[key].tolist()] for key in keys},
        "groups": dict(sorted(groups.items())),
    }


def _answers(
    cases: Sequence[Case],
    labels: LesionLabels,
    parts: NDArray[np.int64],
    base: LesionBase,
    settings: LesionSettings,
    trial: LesionTrial,
    groups: Mapping[str, str],
    kept: KeptParts,
    progress: Progress,
) -> tuple[Answers, list[str]]:
    """Answer each image by nets that have not learned from it; controls need no nets."""
    made: Answers = {name: {} for name in trial.methods}
    notes: list[str] = []
    count = int(parts.max()) + 1
    for part in range(count):
        pool = [case.key for case, one in zip(cases, parts, strict=True) if one != part]
        if trial.labels_per_class is not None:
            amount = str(trial.labels_per_class)
            pool = draw_labelled(labels.strata(), amount, trial.seed, pool)
        stored = kept.read(part, pool, list(trial.methods))
        if stored is None:
            told = _telling(progress, part, count)
            taught = LesionLabels(**{**vars(labels.only(pool)), "groups": dict(groups)})
            fitted = fit_lesions(cases, taught, base, settings, told)
            asked = [case for case, one in zip(cases, parts, strict=True) if one == part]
            stored = _asked(fitted.model, asked, trial.methods), list(fitted.notes)
            kept.write(part, pool, *stored)
        found, said = stored
        notes += said
        for name, given in found.items():
            made[name] |= given
    for name, control in CONTROLS.items():
        made[name] = {}
        for case in cases:
            values, score = control(case)
            count = len(labels.questions)
            made[name][case.key] = Answer(
                np.full(count, score), np.repeat(values[None].astype(np.float16), count, 0)
            )
    return made, list(dict.fromkeys(notes))


def _asked(model: LesionModel, cases: Sequence[Case], methods: Mapping[str, Method]) -> Answers:
    made: Answers = {name: {} for name in methods}
    sigma = RegionSettings().smoothing
    for case in cases:
        for name, method in methods.items():
            found = model.find(case, method)
            assert found.maps is not None
            maps = smoothed(found.maps, sigma).astype(np.float16)
            made[name][case.key] = Answer(found.probabilities, maps)
    return made


def _rows(
    cases: Sequence[Case],
    labels: LesionLabels,
    parts: NDArray[np.int64],
    answers: Mapping[str, Answer],
) -> list[dict[str, Any]]:
    rows = []
    for case, part in zip(cases, parts, strict=True):
        given = answers[case.key].scores
        row = {"image": case.key, "kind": labels.kinds[case.key], "fold": int(part)}
        named = zip(labels.questions, given, strict=True)
        rows.append(row | {f"p_{name}": round(float(p), 4) for name, p in named})
    return rows


def _telling(progress: Progress, part: int, parts: int) -> Progress:
    def tell(done: int, total: int, message: str) -> None:
        progress(part * total + done, parts * total, f"fold {part + 1} of {parts}, {message}")

    return tell
