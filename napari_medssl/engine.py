"""The heavy part of finding landmarks: list, prepare, embed, match. Runs in one worker thread.

Nothing here knows of Qt or of the viewer. torch and SimpleITK are imported inside the calls.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from medssl.errors import MedsslError, ModelError
from medssl.progress import Progress
from napari_medssl.examples import NO_EXAMPLES, Examples, examples_of
from napari_medssl.listing import list_where

if TYPE_CHECKING:
    from medssl.embed import DenseEmbedder
    from medssl.geometry import Grid
    from medssl.io import ImageListing, ImageSource, Problem
    from medssl.io.image import Image
    from medssl.landmarks import FoundPoint, LandmarkFinder
    from medssl.prepare import ArrayCache, PreparedCohort
    from medssl.protocols import Protocol as LandmarkProtocol

Where = Path | Sequence[Path]
VoxelPoint = tuple[float, ...]
Templates = Mapping[str, Mapping[str, VoxelPoint]]
_VOTES = 3


@dataclass(frozen=True)
class CaseInfo:
    """What the window needs to know of an image that can be searched."""

    key: str
    name: str
    path: Path
    grid: Grid
    fingerprint: str
    modality: str
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Ready:
    """A cohort that can be searched: its usable images, what could not be used, what is used."""

    cases: tuple[CaseInfo, ...]
    problems: tuple[Problem, ...]
    model: str
    device: str


class LandmarkEngine(Protocol):
    """What the session asks of the heavy part; tests give it a light one."""

    def list(self, where: Where, progress: Progress) -> ImageListing:
        """List the images of a folder, of files or of a cohort; nothing is decoded."""

    def get_ready(
        self, listing: ImageListing, model: str | Path, device: str, progress: Progress
    ) -> Ready:
        """Prepare and embed all images with a model."""

    def expect_click(self, case_key: str, progress: Progress) -> None:
        """Do ahead what a click in this image needs, so that its answer comes at once."""

    def find(
        self, wanted: Sequence[str], templates: Templates, progress: Progress
    ) -> Sequence[FoundPoint]:
        """Find the wanted landmarks in all images.

        `templates` holds, for every landmark of the cohort, the points that a person set: case
        key to source voxels.
        """

    def similarity(self, landmark: str, case_key: str) -> tuple[NDArray[Any], Grid]:
        """How alike each place of an image is to a landmark's templates."""

    def use_protocol(self, protocol: LandmarkProtocol | None) -> None:
        """Find a protocol's landmarks from its examples too, once the images are ready again."""


class CoreEngine:
    """The engine on medssl's own core.

    Parameters
    ----------
    cache
        Where prepared arrays and embeddings are kept; the user's cache by default.
    """

    def __init__(self, cache: ArrayCache | None = None) -> None:
        self._cache = cache
        self._finder: LandmarkFinder | None = None
        self._prepared: PreparedCohort | None = None
        self._ndim: dict[ImageListing, int] = {}
        self._given: dict[str, dict[str, VoxelPoint]] = {}
        self._protocol: LandmarkProtocol | None = None
        self._examples = NO_EXAMPLES
        self._keys: list[str] = []

    def list(self, where: Where, progress: Progress) -> ImageListing:
        """List the images of a folder, of files or of a cohort; nothing is decoded."""
        return list_where(where, progress)

    def get_ready(
        self, listing: ImageListing, model: str | Path, device: str, progress: Progress
    ) -> Ready:
        """Prepare and embed all images with a model.

        Raises
        ------
        medssl.errors.MedsslError
            If no image can be used, or the model is damaged or of the other dimension.
        """
        from medssl.embed import embed_cohort, open_landmark_embedder
        from medssl.landmarks import LandmarkFinder
        from medssl.prepare import ArrayCache, prepare_cohort

        self._finder = None
        leave_a_core_to_the_window()
        progress(0, 0, "Looking at the images")
        ndim = self._dimension(listing)
        embedder = open_landmark_embedder(model, ndim=ndim, device=device)
        require_dimension(embedder, model, ndim)
        cache = self._cache if self._cache is not None else ArrayCache()
        examples = self._examples_for(listing, ndim)
        given = replace(listing, sources=(*listing.sources, *examples.sources))
        prepared = prepare_cohort(given, embedder.settings, cache, progress=progress)
        examples.require({c.key for c in prepared.cases}, prepared.problems)
        embedded = embed_cohort(prepared, embedder, cache, progress=progress)
        self._finder, self._given = LandmarkFinder(embedded), {}
        cases = tuple(
            CaseInfo(c.key, c.name, c.path, c.source_grid, c.fingerprint, c.modality, c.warnings)
            for c in prepared.cases
            if c.key not in examples.keys
        )
        self._examples, self._keys = examples, [c.key for c in cases]
        return Ready(cases, prepared.problems, embedder.name, device_words(device))

    def expect_click(self, case_key: str, progress: Progress) -> None:
        """Do ahead what a click in this image needs, so that its answer comes at once."""
        self._ready_finder().prepare(case_key, progress)

    def find(
        self, wanted: Sequence[str], templates: Templates, progress: Progress
    ) -> Sequence[FoundPoint]:
        """Find the wanted landmarks in all images.

        Raises
        ------
        medssl.errors.MedsslError
            If the images are not ready, or a template lies outside its image.
        """
        finder = self._ready_finder()
        for landmark in set(self._given) | set(templates) | set(self._examples.points):
            points = {**self._examples.points.get(landmark, {}), **templates.get(landmark, {})}
            if points == self._given.get(landmark, {}):
                continue
            self._given.pop(landmark, None)
            finder.clear(landmark)
            for case_key, point_vox in points.items():
                finder.add_template(landmark, case_key, point_vox)
            self._given[landmark] = points
        known = [landmark for landmark in wanted if self._given.get(landmark)]
        return finder.find(known, self._keys, progress) if known else []

    def similarity(self, landmark: str, case_key: str) -> tuple[NDArray[Any], Grid]:
        """How alike each place of an image is to a landmark's templates."""
        values, grid = self._ready_finder().similarity_map(landmark, case_key)
        return np.asarray(values, np.float32), grid

    def use_protocol(self, protocol: LandmarkProtocol | None) -> None:
        """Find a protocol's landmarks from its examples too, once the images are ready again."""
        self._protocol = protocol

    def _examples_for(self, listing: ImageListing, ndim: int) -> Examples:
        """Give the protocol's examples; one that does not fit is not asked for again."""
        try:
            return examples_of(self._protocol, {s.key for s in listing.sources}, ndim)
        except ModelError:
            self._protocol = None
            raise

    def _ready_finder(self) -> LandmarkFinder:
        if self._finder is None:
            raise MedsslError("the images are not ready yet. Press Find in all images.")
        return self._finder

    def _dimension(self, listing: ImageListing) -> int:
        if listing not in self._ndim:
            self._ndim = {listing: majority_dimension(listing.sources)}
        return self._ndim[listing]


def require_dimension(embedder: DenseEmbedder, model: str | Path, ndim: int) -> None:
    """Refuse a model for images of the other dimension.

    Raises
    ------
    medssl.errors.ModelError
        If it is.
    """
    if embedder.ndim != ndim:
        raise ModelError(
            f"{model}: this model is for {embedder.ndim}-D images, the images are {ndim}-D. "
            f"Choose a {ndim}-D model, or Instant, which works for both."
        )


def majority_dimension(sources: Sequence[ImageSource]) -> int:
    """Whether a cohort is of pictures (2) or volumes (3), from its names and a few images."""
    from medssl.io.formats import format_from_name

    flat = sum(format_from_name(s.path) in ("png", "jpeg") for s in sources)
    others = [s for s in sources if format_from_name(s.path) not in ("png", "jpeg")]
    if flat >= len(others):
        return 2
    votes = [_dimension_of(s) for s in others[:: max(1, len(others) // _VOTES)][:_VOTES]]
    known = [v for v in votes if v is not None]
    deep = len(others) * known.count(3) / len(known) if known else 0
    return 3 if deep > len(sources) / 2 else 2


def _dimension_of(source: ImageSource) -> int | None:
    from medssl.prepare.orientation import working_ndim

    try:
        return working_ndim(source.read().grid)
    except MedsslError:
        return None


def leave_a_core_to_the_window() -> None:
    """Let torch use all cores but one, so that the window stays smooth."""
    import torch

    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))


def device_words(device: str) -> str:
    """Name the device that is used, for the chip: ``CPU, 2 cores`` or ``CUDA · 24 GB``."""
    import torch

    cuda = torch.cuda.is_available() and device in ("auto", "cuda")
    if cuda:
        memory = torch.cuda.get_device_properties(0).total_memory / 2**30
        return f"CUDA · {memory:.0f} GB"
    if device in ("auto", "mps") and torch.backends.mps.is_available():
        return "Apple GPU"
    cores = os.cpu_count() or 1
    return f"CPU, {cores} core{'s' if cores > 1 else ''}"


def read_for_display(source: ImageSource) -> Image:
    """Read one image to be shown: one frame, and a plane where there is a single slice."""
    from medssl.prepare.orientation import as_picture, working_ndim

    image = source.read().frame(0)
    return as_picture(image) if working_ndim(image.grid) == 2 else image
