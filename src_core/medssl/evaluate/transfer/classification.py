"""The task of labelling whole images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medssl.errors import SettingsError
from medssl.evaluate.scores import auc
from medssl.evaluate.transfer.methods import Start
from medssl.evaluate.transfer.task import Floats, Score, Task
from medssl.prepare import PreparedCohort
from medssl.progress import Progress
from medssl.transfer import FinetuneSettings, Labels, finetune_classifier
from medssl.transfer.classify import begin_classifier
from medssl.transfer.nets import TransferNet


class Classification(Task):
    """Classes or findings; the mean area under the ROC curve of each against the rest.

    Raises
    ------
    SettingsError
        If a class has one image.
    """

    name = "classify"
    metric = "AUC"
    steps = 300

    def __init__(self, images: PreparedCohort, labels: Labels) -> None:
        super().__init__(images)
        self.labels = labels
        self.groups = labels.groups
        usable = {case.key for case in images.cases}
        kept = {name: usable & set(members) for name, members in labels.strata().items()}
        self.strata = {name: tuple(sorted(members)) for name, members in kept.items() if members}
        for name, members in self.strata.items():
            if len(members) == 1:
                raise SettingsError(
                    f"the class {name!r} has one image: it can be learned from or tested, not "
                    "both. Label more of it, or leave that image out."
                )

    def describe(self) -> dict[str, Any]:
        """Return classes and labels."""
        targets = {key: target.tolist() for key, target in sorted(self.labels.targets.items())}
        return {"classes": self.labels.names, "targets": targets}

    def begin(self, start: Start, settings: FinetuneSettings) -> TransferNet:
        """Return a classifier before it learns."""
        return begin_classifier(start.architecture, len(self.labels.names), start.net, settings)

    def fit(
        self, start: Start, keys: Sequence[str], settings: FinetuneSettings, progress: Progress
    ) -> tuple[TransferNet, Score]:
        """Fine-tune a classifier."""
        trained = finetune_classifier(
            self.cases(keys),
            self._targets(keys),
            self.labels.exclusive,
            start.architecture,
            start.net,
            settings,
            progress,
        )

        def score(keys: Sequence[str], progress: Progress) -> Floats:
            return trained.predict(self.cases(keys), progress).astype(np.float64)

        return trained.net, score

    def value(self, scores: Floats, keys: Sequence[str]) -> float:
        """Mean over classes and seeds."""
        return float(np.nanmean(auc(scores, self._targets(keys) > 0)))

    def classes(self, keys: Sequence[str]) -> NDArray[np.int64]:
        """Give each combination of labels a number."""
        return np.unique(self._targets(keys), axis=0, return_inverse=True)[1].reshape(-1)

    def _targets(self, keys: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([self.labels.targets[key] for key in keys])
