"""From labelled images to a model: nets on cross-validation folds, and their calibration."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from medssl.errors import SettingsError
from medssl.lesions.base import LesionBase
from medssl.lesions.calibration import calibrate
from medssl.lesions.folds import deal_folds
from medssl.lesions.inputs import as_inputs, is_constant
from medssl.lesions.labels import LesionLabels
from medssl.lesions.learning import Lesson, answer, begin_net, learn
from medssl.lesions.model import LesionModel
from medssl.lesions.net import LesionNet
from medssl.lesions.settings import LesionSettings
from medssl.prepare import Case
from medssl.progress import Progress, silent

_FEWEST = 2


@dataclass(frozen=True)
class FittedLesions:
    """A model, and how it did on what its nets left out.

    Parameters
    ----------
    model
        The model.
    keys
        The images that it learned from.
    held_out
        ``(N, K)``: probability of each question, by the net that had not learned from the image.
    folds
        ``(N,)``: which net that was.
    steps
        Steps that each net learned.
    seconds
        Of the learning.
    notes
        What a person should know.
    """

    model: LesionModel
    keys: tuple[str, ...]
    held_out: NDArray[np.float64]
    folds: NDArray[np.int64]
    steps: tuple[int, ...]
    seconds: float
    notes: tuple[str, ...]


def fit_lesions(
    cases: Sequence[Case],
    labels: LesionLabels,
    base: LesionBase,
    settings: LesionSettings,
    progress: Progress = silent,
) -> FittedLesions:
    """Learn from labels of whole images to tell and to show lesions.

    The labelled images are dealt into parts; a net learns without each of them, and is stopped
    where it answers that part best. What the nets say of the part that they left out makes the
    calibration.

    Parameters
    ----------
    cases
        Prepared as the base wants them; those without a label teach nothing.
    labels
        Of some of them.
    base
        What the nets begin with.
    settings
        How they learn.
    progress
        Called at each step; may raise `Cancelled`.

    Raises
    ------
    SettingsError
        If there are too few images with or without a lesion.
    """
    begun = time.monotonic()
    usable, notes = _usable(cases, labels, base.sliced)
    keys = [case.key for case in usable]
    targets = labels.stacked(keys) if keys else np.zeros((0, 1), np.float32)
    kinds = [labels.kinds[key] for key in keys]
    lesson = Lesson(as_inputs(usable, base.sliced), targets, kinds)
    count = _fold_count(targets[:, 0], settings.folds)
    folds = deal_folds(keys, labels.kinds, labels.groups, count, settings.learning.seed)
    outputs = len(labels.questions)
    logits = np.zeros((len(keys), outputs), np.float32)
    members: list[LesionNet] = []
    steps: list[int] = []
    for fold in range(count):
        taught, left = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if len(set(targets[taught, 0])) < 2:
            raise SettingsError(
                "all images with a lesion, or all without, belong to one group: there is nothing "
                "to check a net on. Label images of more patients"
            )
        seed = settings.learning.seed * 1000 + fold
        own = settings.model_copy(
            update={"learning": settings.learning.model_copy(update={"seed": seed})}
        )
        begin = partial(_begin, base, outputs, own)
        told = _telling(progress, fold, count)
        net, learned = learn(begin, lesson.part(taught), lesson.part(left), own, told)
        held_out = lesson.part(left).inputs
        logits[left] = answer(net, held_out, (1,) * net.ndim)
        members.append(net.requires_grad_(False))
        steps.append(learned)
    calibration = tuple(calibrate(logits[:, k], targets[:, k] > 0) for k in range(outputs))
    model = LesionModel(
        tuple(members), labels.questions, labels.classes, calibration, settings.mirror
    )
    probabilities = [one.probability(logits[:, k]) for k, one in enumerate(calibration)]
    return FittedLesions(
        model,
        tuple(keys),
        np.stack(probabilities, 1),
        folds,
        tuple(steps),
        time.monotonic() - begun,
        notes,
    )


def _begin(
    base: LesionBase, outputs: int, settings: LesionSettings, device: torch.device
) -> LesionNet:
    return begin_net(
        base.architecture,
        outputs,
        settings.head,
        base.sliced,
        base.net,
        device,
        settings.learning.seed,
    )


def _usable(
    cases: Sequence[Case], labels: LesionLabels, sliced: bool
) -> tuple[list[Case], tuple[str, ...]]:
    """Return the images that can be learned from, and what is said of the others."""
    labelled = [case for case in cases if case.key in labels.targets]
    inputs = as_inputs(labelled, sliced)
    blank = [case.key for case, one in zip(labelled, inputs, strict=True) if is_constant(one)]
    notes = []
    if blank:
        more = f" and {len(blank) - 3} more" if len(blank) > 3 else ""
        notes.append(
            f"not learned from: {', '.join(blank[:3])}{more}, where all pixels have the same value"
        )
    return [case for case in labelled if case.key not in blank], tuple(notes)


def _fold_count(lesion: NDArray[np.float32], wanted: int) -> int:
    fewest = int(min((lesion > 0).sum(), (lesion <= 0).sum()))
    if fewest < _FEWEST:
        found = int((lesion > 0).sum())
        raise SettingsError(
            f"{found} of the labelled images show a lesion and {len(lesion) - found} do not; "
            f"at least {_FEWEST} of each are needed. Label more of the fewer ones"
        )
    return min(wanted, fewest)


def _telling(progress: Progress, fold: int, folds: int) -> Progress:
    """Tell the steps of one net as a part of all."""

    def tell(done: int, total: int, message: str) -> None:
        progress(fold * total + done, folds * total, f"net {fold + 1} of {folds}: {message}")

    return tell
