"""The image that is shown: one after the other, with its similarity map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medssl.errors import FileRefusedError
from medssl.progress import Progress
from napari_medssl.engine import read_for_display
from napari_medssl.session.state import SessionState

if TYPE_CHECKING:
    from medssl.geometry import Grid
    from medssl.io import ImageSource
    from medssl.io.image import Image

_KEPT = 8


class Browsing(SessionState):
    """Goes from image to image; reads the next one ahead."""

    def go(self, index: int) -> None:
        """Show another image."""
        if self.sources and index % len(self.sources) != self.index:
            self.index = index % len(self.sources)
            self._enter_case()

    def go_to(self, case_key: str) -> None:
        """Show the image of this key, or as soon as it is there."""
        keys = [s.key for s in self.sources]
        if case_key in keys:
            self.go(keys.index(case_key))
            return
        self._wanted_case = case_key
        if self.ready is not None:
            self._say("info", "That case is not among the images that can be searched here.")

    def step(self, step: int) -> None:
        """Show the next or the previous image."""
        self.go(self.index + step)

    def next_to_check(self) -> None:
        """Show the next image, from unsure to sure, whose point a person should check."""
        todo = [p for p in self.review() if p.needs_a_look]
        here = None if self.case is None else self.case.key
        keys = [p.case_key for p in todo]
        if here in keys:
            todo = todo[keys.index(here) + 1 :] + todo[: keys.index(here)]
        if todo:
            self.go_to(todo[0].case_key)
        elif self.landmark is not None and self.points_of(self.landmark):
            self._say("done", f"Nothing left to check for {self.landmark}")

    def set_show_similarity(self, show: bool) -> None:
        """Show or hide the similarity map."""
        self.show_similarity = show
        self.state_changed.emit()
        self._refresh_similarity()

    def _enter_case(self) -> None:
        case = self.case
        self.image = None if case is None else self._images.get(case.key)
        self.case_changed.emit()
        if self.image is not None:
            self.image_changed.emit()
        self._refresh_similarity()
        if case is None:
            return
        self._read(case)
        self._read(self.sources[(self.index + 1) % len(self.sources)])

    def _read(self, source: ImageSource) -> None:
        if source.key in self._images:
            return

        def have(image: Image) -> None:
            self._images[source.key] = image
            for old in list(self._images)[:-_KEPT]:
                del self._images[old]
            if self.case is not None and self.case.key == source.key and self.image is None:
                self.image = image
                self.image_changed.emit()

        def failed(error: BaseException) -> None:
            if isinstance(error, FileRefusedError):
                self._leave_out(source, str(error))
            else:
                self._failed(error)

        self._display.submit(lambda _: read_for_display(source), have, failed)

    def _leave_out(self, source: ImageSource, message: str) -> None:
        """Go on without an image that cannot be read; it is named among the problems."""
        from medssl.io import Problem

        if source not in self.sources:
            return
        current = self.case
        self.sources = tuple(s for s in self.sources if s != source)
        if all(p.path != source.path for p in self.problems):
            self.problems = (*self.problems, Problem(source.path, message))
        moved = current == source
        keep = 0 if moved or current is None else self.sources.index(current)
        self.index = min(self.index, len(self.sources) - 1) if moved else keep
        self.images_changed.emit()
        if not self.sources:
            self._say("error", f"No image could be read. {message}")
        elif moved:
            self._enter_case()

    def _refresh_similarity(self) -> None:
        landmark, case = self.landmark, self.case
        useful = landmark is not None and case is not None and self.has_examples(landmark)
        if not (self.show_similarity and useful and self.ready is not None):
            if self.similarity is not None:
                self.similarity = None
                self.similarity_changed.emit()
            return

        def have(result: tuple[Any, Grid] | None) -> None:
            now = self.case is not None and case is not None and self.case.key == case.key
            if result is not None and now and self.landmark == landmark:
                self.similarity = (str(landmark), *result)
                self.similarity_changed.emit()

        key, name = case.key if case else "", landmark or ""
        wanted = (key, name)

        def work(_: Progress) -> tuple[Any, Grid] | None:
            here = self.case.key if self.case is not None else ""
            stale = (here, self.landmark) != wanted
            return None if stale else self._engine.similarity(name, key)

        self._run(self._work, work, have)
