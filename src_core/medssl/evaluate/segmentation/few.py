"""Few labels as a method: a head on the embeddings; and how a whole net learns from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from medssl.embed import EmbeddedCohort
from medssl.evaluate.segmentation.methods import Answer
from medssl.evaluate.segmentation.request import SegmentationRequest
from medssl.prepare import Case
from medssl.progress import Progress
from medssl.segment.clusters import FeatureWeights, RefineSettings, expected_dice
from medssl.segment.few import PLACE, LabelTeacher
from medssl.transfer import FinetuneSettings, MaskFiles

CERTAIN = 0.5
STEPS = 100


class HeadMethod:
    """A head on dense embeddings.

    Parameters
    ----------
    embedded
        All images.
    upright
        Whether the place in the image means something.
    """

    def __init__(self, embedded: EmbeddedCohort, upright: bool) -> None:
        self._embedded = embedded
        self._weights = FeatureWeights(place=PLACE if upright else 0)
        self._teacher: LabelTeacher | None = None

    def learn(self, shots: Sequence[Case], masks: MaskFiles, progress: Progress) -> dict[str, Any]:
        """Learn from the masks of the shots."""
        self._teacher = LabelTeacher(self._embedded, masks.names, self._weights, RefineSettings())
        for number, shot in enumerate(shots):
            self._teacher.show(shot.key, masks.read(shot))
            progress(number + 1, len(shots), "learning from masks")
        self._teacher.fit()
        return {"learner": "head"}

    def predict(self, case: Case) -> Answer:
        """Segment an image on its own grid."""
        assert self._teacher is not None
        given = self._teacher.probabilities(case.key)
        return Answer({"head": given > CERTAIN}, [expected_dice(one) for one in given])


def finetune_settings(request: SegmentationRequest, ndim: Literal[2, 3]) -> FinetuneSettings:
    """Return how a net learns from few labels in an evaluation."""
    preset = FinetuneSettings.few_labels(
        ndim, request.upright, request.device, request.seed, request.coarse
    )
    return preset.model_copy(update={"steps": request.steps or STEPS})
