"""Structures: the clusters of the open cohort, found in the background, and their merge tree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from medssl.errors import StorageError
from medssl.progress import Progress
from napari_medssl.segmenting.levels import USUAL_LEVEL, Levels
from napari_medssl.segmenting.organs import History, Organs, keep_organs, recall_organs
from napari_medssl.session.status import error_words, image_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from medssl.geometry import Grid
    from medssl.segment.clusters import MergeTree
    from napari_medssl.cohorts.desk import Desk
    from napari_medssl.segmenting.contract import Ready, SegmentEngine
    from napari_medssl.worker import Runner

INSTANT = "instant"
FOLDER = "clusters"
"""Where the clusters and organs of a cohort lie in its folder."""


class Structures(Levels):
    """Finds structures, and shows them in the current image.

    Parameters
    ----------
    engine
        The heavy part.
    desk
        The cohort on the disk.
    disk, importing, display, work, quick
        What runs the cohort's, the import's, the reading tasks, the whole cohort, and the answers
        to a click or a stroke, each in order.

    Attributes
    ----------
    model, device
        What the images are embedded with, and where.
    count, upright
        How many clusters (None: chosen), and whether the place in the image means something.
    ready
        The embedded images; None before.
    map
        Cluster of each voxel of the current image's working grid, and that grid.
    finding
        Whether structures are being found.
    """

    ready_changed = Signal()
    structures_changed = Signal()
    organs_changed = Signal()

    def __init__(
        self,
        engine: SegmentEngine,
        desk: Desk,
        disk: Runner,
        importing: Runner,
        display: Runner,
        work: Runner,
        quick: Runner,
    ) -> None:
        super().__init__(desk, disk, importing, display)
        self._engine, self._work, self._quick = engine, work, quick
        self.model: str | Path = INSTANT
        self.device = "auto"
        self.count: int | None = None
        self.upright = True
        self.ready: Ready | None = None
        self.map: tuple[NDArray[np.uint16], Grid] | None = None
        self.kept_in: Path | None = None
        self.finding = False
        self._mapped: str | None = None
        self._history = History()
        self._prepared_of: Path | None = None
        self._asked: frozenset[str] = frozenset()
        self._prepared: frozenset[str] = frozenset()

    @property
    def sources(self) -> tuple[Any, ...]:
        """The images, as the head counts them."""
        return self.cases

    @property
    def folder(self) -> Path | None:
        """The cohort's folder, as the head names it."""
        return self.path

    @property
    def organs(self) -> Organs:
        """The organs that a person picks."""
        return self._history.now

    @property
    def grid(self) -> Grid | None:
        """Grid of the current image as it is shown; None before it is known."""
        if self.image is not None:
            return self.image.grid
        if self.key is not None and self.ready is not None and self.key in self.ready.grids:
            return self.ready.grids[self.key]
        if self.detail is None:
            return None
        from napari_medssl.cohorts.pictures import flat

        return flat(self.detail.grid)

    def set_model(self, model: str | Path) -> None:
        """Embed with another model; structures are found anew."""
        if model != self.model:
            self.model = model
            self._restart()

    def set_device(self, device: str) -> None:
        """Compute elsewhere: ``auto``, ``cpu``, ``cuda``, ``mps``."""
        if device != self.device:
            self.device = device
            self._restart()

    def find_structures(self) -> None:
        """Cluster the cohort, and show the structures of the current image."""
        path, model, device = self.path, self.model, self.device
        if path is None or not self.cases or self.finding:
            return
        keys, count, upright = frozenset(self._by_key), self.count, self.upright
        known = self.ready if self._prepared.issuperset(keys) else None
        again = known is None and self.tree is not None
        self._asked = keys
        self._set_finding(True)
        self._say("busy", "Finding structures")

        def work(progress: Progress) -> tuple[Ready, MergeTree]:
            ready = known or self._engine.get_ready(path, model, device, progress)
            if again:  # they lead on if the new ones are cancelled
                self._engine.recall(path / FOLDER)
            return ready, self._engine.cluster(path / FOLDER, count, upright, progress)

        def found(result: tuple[Ready, MergeTree]) -> None:
            self._set_finding(False)
            if self.path != path:
                return
            self._adopt_ready(result[0], keys)
            self._history.begin(self.organs.emptied())
            self._keep_organs()
            self._adopt_tree(result[1])
            images = image_words(len(result[0].grids))
            self._say(
                "done", f"{result[1].count} clusters in {images}. Click what belongs together."
            )

        def failed(error: BaseException) -> None:
            self._set_finding(False)
            self._failed(error)

        self._run(self._work, work, found, failed)

    def _set_finding(self, finding: bool) -> None:
        self.finding = finding
        self.ready_changed.emit()

    def picked_clusters(self) -> frozenset[int]:
        """Give the clusters of all organs."""
        return frozenset().union(*(organ.members for organ in self.organs.every))

    def _restart(self) -> None:
        """Forget what another model said; what is stored stays."""
        self._work.cancel()
        self.ready, self._prepared_of = None, None
        self._forget_structures()
        self.ready_changed.emit()
        self._recall()

    def _recall(self) -> None:
        """Show the structures that were found in this cohort before."""
        path, model, device = self.path, self.model, self.device
        keys = frozenset(self._by_key)
        if path is None or not self.cases or path == self._prepared_of:
            return
        from medssl.segment.clusters.storage import has_clusters

        self._prepared_of, self._asked = path, keys
        if not has_clusters(path / FOLDER):
            return
        self._say("busy", "Preparing the images")

        def work(progress: Progress) -> tuple[Ready, MergeTree | None]:
            ready = self._engine.get_ready(path, model, device, progress)
            return ready, self._engine.recall(path / FOLDER)

        def have(result: tuple[Ready, MergeTree | None]) -> None:
            ready, tree = result
            if self.path != path or self.model != model:
                return
            self._adopt_ready(ready, keys)
            if tree is None:
                self._say("info", "The structures found before are of another model.")
                return
            self._adopt_tree(tree)
            self._say("done", f"{image_words(len(ready.grids))} ready · structures as before")

        self._run(self._work, work, have)

    def _adopt_ready(self, ready: Ready, keys: frozenset[str]) -> None:
        self.ready, self._prepared_of, self._prepared = ready, self.path, keys
        self.problems = tuple(ready.problems)
        self.ready_changed.emit()
        self.import_changed.emit()

    def _adopt_tree(self, tree: MergeTree) -> None:
        again = self.tree is not None and self.tree.count == tree.count
        self.tree = tree
        self.level = self.level if again else min(USUAL_LEVEL, tree.count)
        self._mapped, self.map = None, None
        self.organs_changed.emit()
        self._show_structures()

    def _forget_structures(self) -> None:
        self.tree, self.map, self._mapped = None, None, None
        self.structures_changed.emit()

    def _show_structures(self) -> None:
        """Read the structures of the current image, unless they are there."""
        key = self.key
        if key == self._mapped and self.map is not None:
            return
        self.map, self._mapped = None, key
        self.structures_changed.emit()
        if key is None or self.tree is None or self.ready is None or key not in self.ready.grids:
            return

        def have(result: tuple[Any, Any]) -> None:
            if key == self.key:
                self.map = result
                self.structures_changed.emit()

        self._run(self._quick, lambda _: self._engine.structures(key), have)

    def _look_again(self) -> None:
        super()._look_again()
        self._show_structures()

    def _adopt(self, contents: Any) -> None:
        before = self.path
        super()._adopt(contents)
        if self.path != before:
            self._work.cancel()
            self.ready, self._prepared_of = None, None
            self._forget_structures()
            self._begin_organs()
            self.ready_changed.emit()
        if self.key not in self._by_key and self.cases:
            self.go_to(self.cases[0].key)
        if not self.importing:
            if self.ready is not None and not self._asked.issuperset(self._by_key):
                self._prepared_of = None  # images came in since
            self._recall()

    def _take_in(self, where: Sequence[Path]) -> None:
        self._asked = self._prepared  # what was cancelled or failed is tried again
        super()._take_in(where)

    def _begin_organs(self) -> None:
        organs = Organs()
        if self.path is not None:
            try:
                organs = recall_organs(self.path / FOLDER)
            except StorageError as error:
                self._say("error", error_words(error))
        self._history.begin(organs)
        self.organs_changed.emit()

    def _keep_organs(self) -> None:
        path, organs = self.path, self.organs
        if path is not None:
            self._run(self._disk, lambda _: keep_organs(path / FOLDER, organs), lambda _: None)
