"""The shape as a method: no mask of the images is looked at. Filters of tubes as controls."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medssl.errors import SettingsError
from medssl.evaluate.segmentation.methods import Answer
from medssl.evaluate.segmentation.overlap import overlap
from medssl.evaluate.segmentation.request import SegmentationRequest
from medssl.prepare import Case, PreparedCohort
from medssl.prepare.maps import to_source
from medssl.progress import Progress
from medssl.segment.clusters import expected_dice
from medssl.segment.shape_guided import ShapePrior, ShapeSettings
from medssl.segment.shape_guided.controls import AREAS, cut_at_area, filter_response
from medssl.segment.shape_guided.learning import LearnedShape, learn_shape
from medssl.segment.shape_guided.run import source_map
from medssl.transfer import Base, MaskFiles
from medssl.transfer.predictions import CERTAIN


class ShapeMethod:
    """The adversary and the refinement, on the images that are scored.

    Parameters
    ----------
    prepared, prior
        What `medssl.segment.shape_guided.opening.open_shape` returned.
    settings
        How it is learned.
    base
        Model that it begins with; None: random weights.
    """

    def __init__(
        self,
        prepared: PreparedCohort,
        prior: ShapePrior,
        settings: ShapeSettings,
        base: Base | None,
    ) -> None:
        self._prepared = prepared
        self._prior = prior
        self._settings = settings
        self._base = base
        self._learned: LearnedShape | None = None

    def learn(self, shots: Sequence[Case], masks: MaskFiles, progress: Progress) -> dict[str, Any]:  # noqa: ARG002
        """Learn from images and prior alone; masks of the images are not looked at."""
        with tempfile.TemporaryDirectory() as folder:
            self._learned = learn_shape(
                Path(folder), self._prepared, self._prior, self._settings, progress, self._base
            )
        return {
            "prior": list(self._prior.names),
            "notes": [*self._prior.notes, *self._learned.warnings],
            "settings": self._settings.model_dump(),
        }

    def predict(self, case: Case) -> Answer:
        """Return the mask after and before refinement, on the image's own grid."""
        assert self._learned is not None
        number = [one.key for one in self._prepared.cases].index(case.key)
        after, before = (
            source_map(maps[number], case) for maps in (self._learned.after, self._learned.before)
        )
        masks = {"after": after > CERTAIN, "before": before > CERTAIN}
        return Answer({name: mask[None] for name, mask in masks.items()}, [expected_dice(after)])


class FilterMethod:
    """A filter of tubes, cut at the share of the field that is best for all images at once.

    The share, and whether tubes are dark, are chosen on the masks that are then scored: it is the
    best that the filter can do, and flatters it.

    Parameters
    ----------
    prepared
        The images.
    name
        Of the filter.
    """

    def __init__(self, prepared: PreparedCohort, name: str) -> None:
        self._prepared = prepared
        self._name = name
        self._area, self._dark = AREAS[0], True

    def learn(self, shots: Sequence[Case], masks: MaskFiles, progress: Progress) -> dict[str, Any]:  # noqa: ARG002
        """Choose sign and share on the masks of all images."""
        known = [case for case in self._prepared.cases if masks.known(case).any()]
        truths = [masks.read(case)[0] for case in known]
        scores: dict[tuple[bool, float], float] = {}
        for number, dark in enumerate((True, False)):
            progress(number, 2, f"tuning {self._name}")
            answers = [filter_response(case.array, self._name, dark) for case in known]
            for area in AREAS:
                dice = [
                    overlap(_cut(answer, case, area), truth, None).dice
                    for answer, case, truth in zip(answers, known, truths, strict=True)
                ]
                scores[dark, area] = float(np.mean([one for one in dice if one is not None]))
        self._dark, self._area = max(scores, key=lambda key: scores[key])
        return {"filter": self._name, "dark": self._dark, "area": self._area, "tuned_on": "truth"}

    def predict(self, case: Case) -> Answer:
        """Return the strongest answers of the filter, on the image's own grid."""
        answer = filter_response(case.array, self._name, self._dark)
        return Answer({self._name: _cut(answer, case, self._area)[None]}, [0.0])


def shape_settings(request: SegmentationRequest, ndim: int) -> ShapeSettings:
    """Return how a shape is learned in an evaluation."""
    given: dict[str, Any] = {}
    if request.steps is not None:
        given = {"steps": request.steps, "refine_steps": request.steps}
    if request.side is not None:
        given["longest_side"] = request.side
    return ShapeSettings.preset(
        "quick",
        3 if ndim == 3 else 2,
        **given,
        rounds=request.rounds,
        polarity=request.polarity,
        regions=request.regions,
        upright=request.upright,
        device=request.device,
        seed=request.seed,
    )


def require_one(masks: MaskFiles) -> None:
    """Check that masks of one structure are scored.

    Raises
    ------
    SettingsError
        If there are several.
    """
    if len(masks.names) > 1:
        raise SettingsError(
            f"{masks.folder}: a shape is one structure, and there are {', '.join(masks.names)}. "
            "Name one with --structures."
        )


def _cut(response: NDArray[np.float32], case: Case, area: float) -> NDArray[np.bool_]:
    field = np.asarray(case.array[-1], np.float32) > 0.5
    mask = cut_at_area(response, field, area)
    given = to_source(mask[None].astype(np.float32), case.grid, case.source_grid)[0]
    return np.asarray(given > CERTAIN, np.bool_)
