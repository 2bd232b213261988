"""What is learned from labels and how it is scored: one face for classes and masks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medssl.evaluate.transfer.methods import Start
from medssl.prepare import Case, PreparedCohort
from medssl.progress import Progress
from medssl.transfer import FinetuneSettings
from medssl.transfer.nets import TransferNet

Floats = NDArray[np.float64]
Score = Callable[[Sequence[str], Progress], Floats]
"""Gives ``(N, K)`` of images: probabilities of classes, or Dice of structures (NaN: not there)."""


class Task(ABC):
    """What is learned from labels, and how it is scored.

    Attributes
    ----------
    name
        For files and tables.
    metric
        What is reported, higher is better.
    steps
        Steps of a fine-tuning, unless asked otherwise.
    strata
        Labelled images of each class, or all under one name.
    groups
        By key: what belongs together.
    """

    name: str
    metric: str
    steps: int
    strata: dict[str, tuple[str, ...]]
    groups: dict[str, str]

    def __init__(self, images: PreparedCohort) -> None:
        self.images = images

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Return what a cell's result depends on beside its net and its images."""

    @abstractmethod
    def begin(self, start: Start, settings: FinetuneSettings) -> TransferNet:
        """Return the net that a fine-tuning with these settings begins with."""

    @abstractmethod
    def fit(
        self, start: Start, keys: Sequence[str], settings: FinetuneSettings, progress: Progress
    ) -> tuple[TransferNet, Score]:
        """Fine-tune on the labelled images; returns the net, and what scores others."""

    @abstractmethod
    def value(self, scores: Floats, keys: Sequence[str]) -> float:
        """Return the metric of one or several seeds: `scores` ``(seeds, N, K)`` of cases."""

    @abstractmethod
    def classes(self, keys: Sequence[str]) -> NDArray[np.int64]:
        """Return a number for the class of each case, for resampling within classes."""

    def cases(self, keys: Sequence[str]) -> list[Case]:
        """Return cases by their keys."""
        return [self.images.case(key) for key in keys]
