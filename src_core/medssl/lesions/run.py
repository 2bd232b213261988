"""Fitting from images and a table to a folder: what command line, form and job all do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from medssl.embed.dimension import choose_ndim
from medssl.io import ImageSource
from medssl.lesions.base import LesionBase, open_lesion_base
from medssl.lesions.calibration import brier, separation
from medssl.lesions.fitting import FittedLesions, fit_lesions
from medssl.lesions.labels import LesionLabels
from medssl.lesions.settings import LesionSettings
from medssl.lesions.storage import SUBFOLDER, LesionCard, save_lesion_model
from medssl.lesions.writing import SCORES_NAME, write_scores
from medssl.prepare import PreparedCohort
from medssl.progress import Progress

_NONE = "–"


def open_base_for(sources: Sequence[ImageSource], model: str, sliced: bool) -> LesionBase:
    """Open what a fit begins with, for pictures or volumes as the images are."""
    return open_lesion_base(model, 3 if choose_ndim(sources) == 3 else 2, sliced)


def fit_into(
    folder: str | Path,
    prepared: PreparedCohort,
    labels: LesionLabels,
    base: LesionBase,
    settings: LesionSettings,
    progress: Progress,
) -> tuple[LesionCard, FittedLesions]:
    """Fit, write the classifier into ``lesions/`` of a folder, and beside it ``scores.csv``.

    The scores of images that were learned from are by the net that had not; those of all others
    by all nets together.

    Raises
    ------
    SettingsError
        If there are too few labelled images.
    StorageError
        If it cannot be written.
    """
    labels = labels.only([case.key for case in prepared.cases])
    fitted = fit_lesions(prepared.cases, labels, base, settings, progress)
    card = _card(fitted, labels, base, prepared, settings)
    target = Path(folder) / SUBFOLDER
    save_lesion_model(target, fitted.model, card)
    known = {key: number for number, key in enumerate(fitted.keys)}
    rows, folds = [], []
    for number, case in enumerate(prepared.cases):
        progress(number, len(prepared.cases), f"answering {case.name}")
        place = known.get(case.key)
        if place is None:
            rows.append(fitted.model.find(case, None).probabilities)
        else:
            rows.append(fitted.held_out[place])
        folds.append(_NONE if place is None else str(fitted.folds[place] + 1))
    told = [labels.kinds.get(case.key, "") for case in prepared.cases]
    beside = {"label": told, "held_out_by_net": folds}
    write_scores(target / SCORES_NAME, prepared.cases, np.stack(rows), labels.questions, beside)
    return card, fitted


def _card(
    fitted: FittedLesions,
    labels: LesionLabels,
    base: LesionBase,
    prepared: PreparedCohort,
    settings: LesionSettings,
) -> LesionCard:
    targets = labels.stacked(fitted.keys) > 0
    held_out = {}
    for number, question in enumerate(labels.questions):
        yes = targets[:, number]
        common = np.full(len(yes), yes.mean())
        held_out[question] = {
            "auc": round(separation(fitted.held_out[:, number], yes), 4),
            "brier": round(brier(fitted.held_out[:, number], yes), 4),
            "brier_of_base_rate": round(brier(common, yes), 4),
        }
    kinds = [labels.kinds[key] for key in fitted.keys]
    return LesionCard(
        questions=labels.questions,
        classes=labels.classes,
        architecture=base.architecture,
        input=prepared.settings,
        sliced=base.sliced,
        settings=settings,
        calibration=fitted.model.calibration,
        base=base.record,
        transferred=len(fitted.model.members[0].transferred),
        learned_from={kind: kinds.count(kind) for kind in sorted(set(kinds))},
        steps=fitted.steps,
        held_out=held_out,
        seconds=round(fitted.seconds, 1),
    )
