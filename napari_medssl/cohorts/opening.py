"""Opening a cohort or a folder, importing images into it, looking again at what it holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from medssl.progress import Progress
from napari_medssl.cohorts.desk import Contents
from napari_medssl.cohorts.state import CohortState
from napari_medssl.places import is_cohort
from napari_medssl.session.status import image_words, note_words

if TYPE_CHECKING:
    from medssl.cohort.adding import Added
    from napari_medssl.engine import Where


class Opening(CohortState):
    """Opens cohorts and brings images into them."""

    copy_images = False
    importing = False

    def open_images(self, where: Where) -> None:
        """Open a cohort, or a folder of images, whose new images are then taken in."""
        self._open(where, take_in=not is_cohort(where))

    def follow(self, where: Where) -> None:
        """Open what another dock has opened; that dock takes in the images."""
        self._open(where, take_in=False)

    def _open(self, where: Where, take_in: bool) -> None:
        if self.importing:
            self._importing.cancel()
        self._say("busy", "Opening")

        def opened(contents: Contents) -> None:
            self.where, self.key, self.elsewhere = where, None, False
            self.problems, self.notes = (), ()
            self._adopt(contents)
            self.case_changed.emit()
            self._expect()
            if take_in:
                self._take_in([where] if isinstance(where, Path) else list(where))
            else:
                self._say_open()

        self._run(self._disk, lambda _: self._desk.open(where), opened)

    def import_images(self, where: Sequence[Path]) -> None:
        """Take images into the open cohort; with none open, into that of the folder."""
        if self.contents is None and where:
            self.open_images(where[0] if len(where) == 1 else where)
        elif self.contents is not None:
            self.elsewhere = True
            self._take_in(where)

    def stop_import(self) -> None:
        """Stop the import; the cases that are in stay."""
        self._importing.cancel()

    def reload(self, then: Callable[[], None] | None = None) -> None:
        """Look again at what the cohort holds: somebody else has written to it."""
        if self.contents is None:
            return
        path = self.contents.path

        def have(contents: Contents) -> None:
            if self.contents is not None and contents.path == path:
                self._adopt(contents)
                self._look_again()
                self._expect()
                if then is not None:
                    then()

        self._run(self._disk, lambda _: self._desk.read(), have)

    def _expect(self) -> None:
        """Learn which error is left, after all else is shown."""
        path = self.path

        def have(words: str) -> None:
            if self.path == path:
                self.expected = words
                self.expected_changed.emit()

        self._run(self._disk, lambda _: self._desk.expect(), have)

    def _look_again(self) -> None:
        """Bring the current case up to date."""

    def _take_in(self, where: Sequence[Path]) -> None:
        contents, copy = self.contents, self.copy_images
        if contents is None:
            return
        before = {case.key for case in contents.cases}
        self.importing = True
        self.import_changed.emit()
        self._say("busy", "Looking for images")

        def add(progress: Progress) -> Added:
            from medssl.cohort import Cohort
            from medssl.cohort.adding import add_images

            with Cohort.open(contents.path) as cohort:
                return add_images(cohort, where, copy, progress)

        def added(result: Added) -> None:
            names = {case.key: case.name for case in self.cases}
            self.problems, self.notes = tuple(result.problems), added_notes(result, names)
            self._ended(before, bool(result.moved or result.changed))
            self._say("done", added_words(result, len(self.notes)))

        def failed(error: BaseException) -> None:
            self._ended(before)
            self._failed(error)

        self._run(self._importing, add, added, failed)

    def _ended(self, before: set[str], touched: bool = False) -> None:
        """Show what came in, also where the import was stopped, and tell if it is anything."""
        self.importing = False
        self.import_changed.emit()

        def tell() -> None:
            if touched or before != {case.key for case in self.cases}:
                self.imported.emit()

        self.reload(tell)

    def _say_open(self) -> None:
        contents = self.contents
        if contents is None:
            return
        if contents.loss:
            self._say("error", contents.loss)
            return
        flagged = sum(case.changed for case in contents.cases)
        words = f"{image_words(len(contents.cases))} in {contents.path.stem}"
        if flagged:
            words += f" · {image_words(flagged)} changed since they were annotated"
        self._say("done", words if contents.cases else f"{words}. Import some.")


def added_words(result: Added, notes: int) -> str:
    """Say in a line what became of an import."""
    words = f"{image_words(len(result.added))} added"
    if result.known:
        words += f" · {result.known} known"
    if result.problems:
        words += f" · {len(result.problems)} could not be used"
    return f"{words} · {note_words(notes)} below" if notes else words


def added_notes(result: Added, names: Mapping[str, str]) -> tuple[str, ...]:
    """Say what a person should know of an import, row by row; `names` by key are shown."""
    twice = [f"{path.name}: left out, the same image as {key}" for path, key in result.duplicates]
    moved = [f"{names.get(key, key)}: found again where it lies now" for key in result.moved]
    changed = [
        f"{names.get(key, key)}: its file is another than before; look at it again"
        for key in result.changed
    ]
    again = len(result.patients)
    who = f"{again} patient{'' if again == 1 else 's'} had images in the cohort before"
    return (*result.notes, *twice, *moved, *changed, *([who] if again else []))
