"""The session: what a person opens, chooses, stops and takes home.

Each change is made in memory at once, so that the window follows the hand; it is written to the
cohort in the store's thread, and the matching runs in the engine's. The session's own methods
belong to the window's thread and return at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from napari_medssl.engine import Where
from napari_medssl.points import PointState
from napari_medssl.session.protocols import Protocols
from napari_medssl.session.status import no_image_words

if TYPE_CHECKING:
    from medssl.io import ImageListing


class Session(Protocols):
    """State of the landmarks task and everything a person can do to it."""

    def open_images(self, where: Where) -> None:
        """Open a folder of images, several files, or a cohort whose images lie anywhere.

        The cohort of a folder is the one that belongs to it. The same again looks for new images
        and stays at the current one. Clicks that the disk has not taken yet are written first;
        while it refuses them, the images stay as they are.
        """
        self._work.cancel()
        if self.case is not None and where in (self.where, self._store.path):
            self._wanted_case = self.case.key
        if self._saver.waiting:
            self._disk.submit(
                lambda _: self._saver.write(), lambda _: self._list(where), self._not_saved
            )
        else:
            self._list(where)

    def _list(self, where: Where) -> None:
        self._say("busy", "Looking for images")

        def listed(listing: ImageListing) -> None:
            if not listing.sources:
                self._say("error", no_image_words(listing))
                return
            self._adopt(where, listing)

        self._run(self._work, lambda p: self._engine.list(where, p), listed)

    def save_rest(self) -> None:
        """Write what the disk has not taken yet; for the end of the window."""
        try:
            self._saver.write()
        finally:
            self._store.close()

    def set_model(self, model: str | Path) -> None:
        """Choose another model; the images are embedded anew and every landmark found again."""
        if model != self.model:
            self.model = model
            self._restart()

    def set_device(self, device: str) -> None:
        """Choose where to compute: ``auto``, ``cpu``, ``cuda``, ``mps``."""
        if device != self.device:
            self.device = device
            self._restart()

    def cancel(self) -> None:
        """Stop what is running; what is finished stays."""
        self._wanted.clear()
        self._work.cancel()

    def export(self, task: Callable[[Sequence[PointState]], Sequence[Path]]) -> None:
        """Write all points in the disk's thread with ``task(points)``; say where they went."""
        known = {s.key for s in self.sources}
        points = [p for p in self.points.values() if p.case_key in known]

        def written(paths: Sequence[Path]) -> None:
            where = paths[0].name if len(paths) == 1 else f"{len(paths)} files"
            self._say("done", f"{len(points)} points written to {where}")

        self._run(self._disk, lambda _: task(points), written)

    def _adopt(self, where: Where, listing: ImageListing) -> None:
        self.where, self._listing = where, listing
        self.sources, self.problems = listing.sources, listing.problems
        self.listing_notes = listing.notes
        self.ready, self.image, self.similarity = None, None, None
        self.forget_protocol()
        self.kept_in, self.trouble = None, None
        self.landmarks, self.landmark, self.points = [], None, {}
        self.names, self._rejected = {}, set()
        keys = [s.key for s in self.sources]
        self.index = keys.index(self._wanted_case) if self._wanted_case in keys else 0
        self._wanted_case = None
        self._images.clear()
        self._cases.clear()
        self.images_changed.emit()
        self.landmarks_changed.emit()
        self.points_changed.emit()
        self._enter_case()
        self._load(lambda: self._store.open(where), self._adopt_saved)
        self.recall_protocol()
        self._prepare()
