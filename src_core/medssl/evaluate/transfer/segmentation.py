"""The task of outlining structures."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medssl.errors import SettingsError
from medssl.evaluate.scores import dice
from medssl.evaluate.transfer.methods import Start
from medssl.evaluate.transfer.task import Floats, Score, Task
from medssl.prepare import Case, PreparedCohort
from medssl.progress import Progress
from medssl.transfer import FinetuneSettings, MaskFiles, TrainedSegmenter, finetune_segmenter
from medssl.transfer.nets import TransferNet
from medssl.transfer.segment import begin_segmenter


class Segmentation(Task):
    """Masks of structures; the mean Dice over structures and cases, on the images' own grids.

    Images in which no structure is to be found are neither learned from nor tested.

    Raises
    ------
    SettingsError
        If fewer than two images have a mask that is not empty.
    FileRefusedError
        If a mask does not fit its image.
    """

    name = "segment"
    metric = "Dice"
    steps = 150

    def __init__(
        self, images: PreparedCohort, masks: MaskFiles, groups: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(images)
        self.masks = masks
        self.groups = dict(groups or {})
        found = tuple(case.key for case in images.cases if masks.read(case).any())
        if len(found) < 2:
            raise SettingsError(
                f"{masks.folder}: {len(found)} of the images have a mask that is not empty; at "
                "least two are needed"
            )
        self.strata = {"masks": found}

    def describe(self) -> dict[str, Any]:
        """Return the structures, and the names and contents of the mask files."""
        files = [path for of in self.masks.files.values() for path in of.values()]
        return {
            "structures": self.masks.structures,
            "files": sorted((path.name, _hash(path)) for path in files),
        }

    def begin(self, start: Start, settings: FinetuneSettings) -> TransferNet:
        """Return a segmenter before it learns."""
        return begin_segmenter(start.architecture, len(self.masks.names), start.net, settings)

    def fit(
        self, start: Start, keys: Sequence[str], settings: FinetuneSettings, progress: Progress
    ) -> tuple[TransferNet, Score]:
        """Fine-tune a segmenter."""
        trained = finetune_segmenter(
            self.cases(keys), self.masks, start.architecture, start.net, settings, progress
        )

        def score(keys: Sequence[str], progress: Progress) -> Floats:
            rows = []
            for number, case in enumerate(self.cases(keys)):
                progress(number, len(keys), "scoring masks")
                rows.append(self._dice(trained, case))
            return np.array(rows, np.float64)

        return trained.net, score

    def value(self, scores: Floats, keys: Sequence[str]) -> float:  # noqa: ARG002
        """Mean over the structures of a case, then over cases and seeds."""
        return float(np.nanmean(scores, axis=-1).mean())

    def classes(self, keys: Sequence[str]) -> NDArray[np.int64]:
        """All cases are of one kind."""
        return np.zeros(len(keys), np.int64)

    def _dice(self, trained: TrainedSegmenter, case: Case) -> list[float | None]:
        predicted = trained.predict(case) > 0.5
        known, truth = self.masks.known(case), self.masks.read(case)
        return [
            dice(one, true) if there else None
            for one, true, there in zip(predicted, truth, known, strict=True)
        ]


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()
