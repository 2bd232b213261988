"""What the state of the Segmentation dock asks of the heavy part, and what it gets."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from medssl.progress import Progress
from napari_medssl.engine import Where
from napari_medssl.segmenting.passes import Found

if TYPE_CHECKING:
    from medssl.geometry import Grid
    from medssl.io import Problem
    from medssl.segment.clusters import MergeTree

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Ready:
    """Images that can be segmented: what could not be used, and what is used."""

    grids: Mapping[str, Grid]
    problems: tuple[Problem, ...]
    model: str
    device: str


@dataclass(frozen=True)
class Lesson:
    """What a person said of an organ in one image.

    Parameters
    ----------
    drawn
        ``(*source,)``: 1 in the organ, 0 beside it, -1 where nothing was drawn.
    base
        The organ as it was found before; what was drawn goes before it. None: nothing else is
        known.
    """

    drawn: NDArray[np.int8]
    base: Mask | None = None


class SegmentEngine(Protocol):
    """What the state asks of the heavy part; tests give it a light one."""

    def get_ready(self, where: Where, model: str | Path, device: str, progress: Progress) -> Ready:
        """Prepare and embed all images with a model."""

    def cluster(
        self, folder: Path, count: int | None, upright: bool, progress: Progress
    ) -> MergeTree:
        """Cluster a sample of the cohort, and keep the clusters in a folder."""

    def recall(self, folder: Path) -> MergeTree | None:
        """Take the clusters of a folder; None where they are of another model, or damaged."""

    def structures(self, key: str) -> tuple[NDArray[np.uint16], Grid]:
        """Give the cluster of each voxel of an image's working grid."""

    def outline(self, key: str, members: Collection[int]) -> Mask:
        """Give the union of clusters in an image, on its own grid."""

    def outline_all(self, members: Collection[int], progress: Progress) -> Iterator[Found]:
        """Give the union of clusters in every image, with a confidence."""

    def expect_stroke(self, key: str) -> None:
        """Do ahead what a stroke in this image needs, so that its answer comes at once."""

    def teach(self, lessons: Mapping[str, Lesson]) -> None:
        """Learn an organ anew from all that is known of it."""

    def taught(self, key: str) -> Mask:
        """Give what was learned for an image, on its own grid."""

    def taught_slice(self, key: str, axis: int, point_world: NDArray[np.float64]) -> TaughtSlice:
        """Give what was learned for one slice of a volume."""

    def taught_all(self, progress: Progress) -> Iterator[Found]:
        """Give what was learned for every image, with a confidence."""

    def net_all(
        self, where: Path, run: Path, device: str, progress: Progress
    ) -> tuple[tuple[Problem, ...], Iterator[Found]]:
        """Give what could not be used of a cohort, and what a job's net says of the others.

        Each mask comes at once; all confidences come again, with no mask, when the sizes are known.
        """


@dataclass(frozen=True)
class TaughtSlice:
    """Probability of an organ in one slice of the working grid of a volume."""

    share: NDArray[np.float32]
    grid: Grid
    axis: int
    index: int
