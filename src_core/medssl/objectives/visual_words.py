"""Visual words: which of the places that similar patients share does a view show."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn import functional as F

from medssl.nets import DenseNet
from medssl.nets.blocks import unit_length
from medssl.objectives.base import ObjectiveResult, Outputs
from medssl.objectives.gather import across_processes, sum_across_processes
from medssl.objectives.learning import LearningObjective, pooled
from medssl.objectives.spread import embedding_spread
from medssl.views.distorted import DistortedViews


class VisualWordsSettings(BaseModel):
    """Number of words and weight; the published values are the defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["visual_words"] = "visual_words"
    weight: float = Field(
        default=0.1,
        ge=0,
        description="Weight in the sum of losses. 0.1 beside a restoration of 10 is the published "
        "0.01 to 1.",
    )
    words: int = Field(default=44, ge=2, description="Number of words.")


class VisualWords(LearningObjective):
    """Cross-entropy of the word that a view shows [1]_.

    Crops at the same relative place of similar patients share a pseudo-label ``y``, a visual word.
    With the average ``f`` ``(V, C)`` of the deepest maps and a linear head:

        L = −1/V Σ_v log softmax(W f_v + b)[y_v]

    over the views that show a word. It is the logarithm of the number of words where the head
    knows nothing.

    Parameters
    ----------
    settings
        Number of words, weight.

    References
    ----------
    .. [1] F. Haghighi et al., Transferable Visual Words, arXiv 2102.10680.

    Examples
    --------
    >>> import torch
    >>> objective = VisualWords(VisualWordsSettings(words=8))
    >>> round(float(objective.loss(torch.zeros(3, 8), torch.tensor([0, 7, 4]))), 4)  # log 8
    2.0794
    """

    def __init__(self, settings: VisualWordsSettings) -> None:
        super().__init__()
        self.settings = settings

    def attach(self, net: DenseNet) -> None:
        """Build the head."""
        self.head = nn.Linear(net.architecture.widths[-1], self.settings.words)

    def forward(self, views: DistortedViews, outputs: Outputs, stride: int) -> ObjectiveResult:  # noqa: ARG002
        """Loss of a batch; the deepest maps ``(2·B, C, *cells)`` are used.

        Both views of an image show its word.
        """
        assert outputs.deepest is not None
        assert views.word is not None
        logits = self.head(pooled(outputs.deepest))
        word = views.word.repeat(2)
        known = logits.detach()
        told = sum_across_processes((word >= 0).float().sum()).clamp(min=1)
        hits = sum_across_processes((known.argmax(1) == word).float().sum())
        features = known - known.mean(1, keepdim=True)
        metrics = {
            "word_accuracy": hits / told,
            "image_spread": embedding_spread(across_processes(unit_length(features))),
        }
        return ObjectiveResult(self.loss(logits, word), metrics)

    def loss(self, logits: Tensor, word: Tensor) -> Tensor:
        """Loss of logits ``(V, words)`` for the views' words ``(V,)``; negative: no word."""
        told = (word >= 0).to(logits.dtype)
        each = F.cross_entropy(logits, word.clamp(min=0), reduction="none")
        total = sum_across_processes((each * told).sum())
        return total / sum_across_processes(told.sum()).clamp(min=1)
