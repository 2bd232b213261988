"""The heavy part of segmentation: embed, cluster, outline, teach. Runs in worker threads.

Nothing here knows of Qt or of the viewer. torch and SimpleITK are imported inside the calls.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medssl.errors import FileRefusedError, MedsslError, ModelError
from medssl.progress import Progress
from napari_medssl.engine import (
    Where,
    device_words,
    leave_a_core_to_the_window,
    majority_dimension,
    require_dimension,
)
from napari_medssl.listing import list_where
from napari_medssl.segmenting.contract import Lesson, Mask, Ready, TaughtSlice
from napari_medssl.segmenting.net_pass import read_by_net
from napari_medssl.segmenting.passes import Found, read_cohort

if TYPE_CHECKING:
    from medssl.embed import EmbeddedCase, EmbeddedCohort
    from medssl.geometry import Grid
    from medssl.io import Problem
    from medssl.prepare import ArrayCache
    from medssl.segment.clusters import HeadClusters, MergeTree, PrototypeClusters
    from medssl.segment.few import LabelTeacher

_KEPT = 3
_BASE_CELLS = 400
_LESSON_CELLS = 3000


class CoreSegmentEngine:
    """The engine on medssl's own core.

    Parameters
    ----------
    cache
        Where prepared arrays and embeddings are kept; the user's cache by default.
    """

    def __init__(self, cache: ArrayCache | None = None) -> None:
        self._cache = cache
        self._embedded: EmbeddedCohort | None = None
        self._clusters: PrototypeClusters | HeadClusters | None = None
        self._teacher: LabelTeacher | None = None
        self._shares: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    def get_ready(self, where: Where, model: str | Path, device: str, progress: Progress) -> Ready:
        """Prepare and embed all images with a model.

        Raises
        ------
        medssl.errors.MedsslError
            If no image can be used, or the model is damaged or of the other dimension.
        """
        from medssl.embed import embed_cohort, open_embedder
        from medssl.prepare import ArrayCache, prepare_cohort

        leave_a_core_to_the_window()
        progress(0, 0, "Looking at the images")
        listing = list_where(where, progress)
        ndim = majority_dimension(listing.sources)
        embedder = open_embedder(model, ndim=ndim, device=device)
        require_dimension(embedder, model, ndim)
        cache = self._cache if self._cache is not None else ArrayCache()
        prepared = prepare_cohort(listing, embedder.settings, cache, progress=progress)
        embedded = embed_cohort(prepared, embedder, cache, progress=progress)
        with self._lock:
            self._embedded, self._clusters, self._teacher = embedded, None, None
            self._shares.clear()
        grids = {case.key: case.source_grid for case in prepared.cases}
        return Ready(grids, prepared.problems, embedder.name, device_words(device))

    def cluster(
        self, folder: Path, count: int | None, upright: bool, progress: Progress
    ) -> MergeTree:
        """Cluster a sample of the cohort, and keep the clusters in a folder."""
        from medssl.segment.clusters import FeatureWeights, find_clusters, save_clusters

        embedded = self._ready()
        weights = FeatureWeights() if upright else FeatureWeights(place=0)
        found = find_clusters(embedded, count, weights, progress=progress)
        save_clusters(folder, found, embedded.embedder)
        self._use(found)
        return found.tree

    def recall(self, folder: Path) -> MergeTree | None:
        """Take the clusters of a folder; None where they are of another model, or damaged."""
        from medssl.segment.clusters import load_clusters

        try:
            found = load_clusters(folder, self._ready().embedder)
        except (ModelError, FileRefusedError):
            return None
        self._use(found)
        return found.tree

    def structures(self, key: str) -> tuple[NDArray[np.uint16], Grid]:
        """Give the cluster of each voxel of an image's working grid."""
        from medssl.segment.clusters import RefineSettings, cluster_map

        case = self._ready().case(key)
        return cluster_map(self._shares_of(case), case, RefineSettings()), case.case.grid

    def outline(self, key: str, members: Collection[int]) -> Mask:
        """Give the union of clusters in an image, on its own grid."""
        from medssl.segment.clusters import RefineSettings, organ_mask, organ_share

        case, settings = self._ready().case(key), RefineSettings()
        share = organ_share(self._shares_of(case), sorted(members), case, settings)
        return organ_mask(share, case, settings)

    def outline_all(self, members: Collection[int], progress: Progress) -> Iterator[Found]:
        """Give the union of clusters in every image, with a confidence."""
        from medssl.segment.clusters import organ_trust

        chosen = sorted(members)

        def glance(key: str) -> tuple[float, float]:
            shares = self._shares_of(self._ready().case(key))
            return organ_trust(shares, chosen), float(np.isin(shares.argmax(0), chosen).mean())

        return read_cohort(self._keys(), glance, lambda key: self.outline(key, chosen), progress)

    def expect_stroke(self, key: str) -> None:
        """Do ahead what a stroke in this image needs, so that its answer comes at once."""
        self._pupil().read_ahead(key)

    def teach(self, lessons: Mapping[str, Lesson]) -> None:
        """Learn an organ anew from all that is known of it.

        Raises
        ------
        medssl.errors.SettingsError
            If only the organ, or only what lies beside it, is known.
        """
        teacher = self._pupil()
        teacher.forget()
        for key, lesson in lessons.items():
            if lesson.base is not None:
                teacher.mark(key, np.where(lesson.base, 1, 0), _BASE_CELLS)
            if (lesson.drawn >= 0).any():
                teacher.mark(key, lesson.drawn, _LESSON_CELLS)
        teacher.fit()

    def taught(self, key: str) -> Mask:
        """Give what was learned for an image, on its own grid."""
        return self._masked(self._taught(), key)

    def taught_slice(self, key: str, axis: int, point_world: NDArray[np.float64]) -> TaughtSlice:
        """Give what was learned for the slice of a volume that holds a point of the world."""
        grid = self._ready().case(key).case.grid
        at = round(float(grid.world_to_voxel(point_world)[axis]))
        index = min(max(at, 0), grid.shape[axis] - 1)
        return TaughtSlice(self._taught().slice(key, axis, index)[0], grid, axis, index)

    def taught_all(self, progress: Progress) -> Iterator[Found]:
        """Give what was learned for every image, with a confidence."""
        from medssl.segment.clusters import expected_dice
        from medssl.segment.few import LabelTeacher

        teacher = LabelTeacher(self._ready(), ("organ",))  # strokes meanwhile change the other one
        teacher.head = self._taught().head

        def outline(key: str) -> Mask:
            return self._masked(teacher, key)

        def glance(key: str) -> tuple[float, float]:
            share = teacher.shares(key)[1]
            return expected_dice(share), float((share > 0.5).mean())

        return read_cohort(self._keys(), glance, outline, progress)

    def net_all(
        self, where: Path, run: Path, device: str, progress: Progress
    ) -> tuple[tuple[Problem, ...], Iterator[Found]]:
        """Give what could not be used of a cohort, and what a job's net says of the others."""
        from medssl.prepare import ArrayCache

        cache = self._cache if self._cache is not None else ArrayCache()
        return read_by_net(where, run, device, cache, progress)

    def _masked(self, teacher: LabelTeacher, key: str) -> Mask:
        from medssl.segment.clusters import RefineSettings, organ_mask

        return organ_mask(teacher.working(key)[0], self._ready().case(key), RefineSettings())

    def _pupil(self) -> LabelTeacher:
        from medssl.segment.few import LabelTeacher

        with self._lock:
            if self._teacher is None:
                self._teacher = LabelTeacher(self._ready(), ("organ",))
            return self._teacher

    def _ready(self) -> EmbeddedCohort:
        if self._embedded is None:
            raise MedsslError("the images are not ready yet. Press Find structures.")
        return self._embedded

    def _keys(self) -> list[str]:
        return [one.case.key for one in self._ready().cases]

    def _found(self) -> PrototypeClusters | HeadClusters:
        if self._clusters is None:
            raise MedsslError("there are no structures yet. Press Find structures.")
        return self._clusters

    def _taught(self) -> LabelTeacher:
        if self._teacher is None:
            raise MedsslError("nothing was corrected yet. Paint on the organ first.")
        return self._teacher

    def _use(self, clusters: PrototypeClusters | HeadClusters) -> None:
        with self._lock:
            self._clusters = clusters
            self._shares.clear()

    def _shares_of(self, case: EmbeddedCase) -> NDArray[np.float32]:
        """Give the shares of an image; those of the last images are kept."""
        key, clusters = case.case.key, self._found()
        with self._lock:
            known = self._shares.get(key)
        if known is None:
            known = np.asarray(clusters.shares(case), np.float32)
            with self._lock:
                if clusters is self._clusters:
                    self._shares[key] = known
                    while len(self._shares) > _KEPT:
                        self._shares.popitem(last=False)
        return known
