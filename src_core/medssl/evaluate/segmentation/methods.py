"""What every method of segmentation offers to an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from medssl.prepare import Case
from medssl.progress import Progress
from medssl.transfer import MaskFiles


class Answer(NamedTuple):
    """What a method says of an image.

    `masks` holds, by variant of the method, ``(S, *source)``; the first variant is the method's
    own answer. `confidence` has a number 0 to 1 a structure.
    """

    masks: dict[str, NDArray[np.bool_]]
    confidence: list[float]


class Method(Protocol):
    """Learns from few masks and segments all other images."""

    def learn(self, shots: Sequence[Case], masks: MaskFiles, progress: Progress) -> dict[str, Any]:
        """Learn from the shots alone; returns what should be told of it."""

    def predict(self, case: Case) -> Answer:
        """Segment an image on its own grid."""
