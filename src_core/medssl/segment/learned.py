"""Nets that a job learned an organ with, opened to segment images that came later."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medssl.errors import ModelError
from medssl.prepare import Case
from medssl.prepare.settings import PrepareSettings
from medssl.segment.shape_guided.refining import refined_map
from medssl.segment.shape_guided.run import source_map
from medssl.transfer import TrainedSegmenter, load_trained


@dataclass(frozen=True)
class LearnedNet:
    """A net of one structure, which segments as it did at the end of its job.

    Parameters
    ----------
    trained
        The net.
    input
        How images are prepared for it.
    """

    trained: TrainedSegmenter
    input: PrepareSettings

    def share(self, case: Case) -> NDArray[np.float32]:
        """Return the probability of the structure on an image's own grid ``(*source,)``.

        A net that learned from masks of others sees mirrored copies too, and nothing beyond the
        field of view.
        """
        if self.input.contrast is None:
            return np.asarray(self.trained.predict(case)[0], np.float32)
        return source_map(refined_map(self.trained, case), case)


def open_learned(folder: str | Path, device: str = "auto") -> LearnedNet:
    """Open the net in the run folder of a job (``segment few`` or ``segment shape``).

    Raises
    ------
    ModelError
        If there is none, a file of it is damaged, or it is not a net of one structure.
    SettingsError
        If the device is not there.
    """
    trained, card = load_trained(folder, device)
    if not isinstance(trained, TrainedSegmenter) or len(card.names) != 1:
        raise ModelError(
            f"{folder}: this net tells {', '.join(card.names)}; a net that segments one structure "
            "is needed. Name the run folder of a job that learned one."
        )
    return LearnedNet(trained, card.input)
