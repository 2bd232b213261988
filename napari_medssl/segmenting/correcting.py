"""Correcting: what a person paints is stored at once, wins everywhere, and can teach."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from medssl.errors import SettingsError
from napari_medssl.segmenting.everywhere import Everywhere
from napari_medssl.segmenting.masks import Mask, Shown, mask_of, store_mask
from napari_medssl.segmenting.slices import Slice, with_slice

if TYPE_CHECKING:
    from medssl.cohort import Cohort
    from medssl.cohort.findings import SegmentationRecord
    from napari_medssl.points import Source
    from napari_medssl.segmenting.contract import Lesson

Place = tuple[str, str]  # key, organ
_KEPT = 12
_ONE_SIDED = ". Paint in it, and erase beside it: then it learns"


class Correcting(Everywhere):
    """Takes strokes, and lets the teacher learn from each.

    Attributes
    ----------
    teaching
        Whether each stroke teaches.

    Signals
    -------
    learned
        A stroke has changed the rest of an organ in the current image.
    """

    learned = Signal(str)
    teaching = True

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._drawn: dict[Place, NDArray[np.int8]] = {}
        self._bases: dict[Place, Shown | None] = {}
        self._earlier: dict[Place, NDArray[np.int8]] = {}
        self._unwritten: dict[Place, Shown | None] = {}
        self._lessons_read: dict[str, NDArray[np.int8]] = {}
        self._strokes = 0
        self._one_sided = False

    def stroke(
        self, name: str, mask: Mask, drawn: NDArray[np.int8], where: Slice | None = None
    ) -> None:
        """Take what an organ looks like after a stroke.

        Parameters
        ----------
        name
            The organ.
        mask, drawn
            The organ on the image's own grid, and all that was painted there: 1, 0, or -1 where
            nothing was.
        where
            The slice of a volume that is looked at: what was learned shows there first.
        """
        key = self.key
        if key is None:
            return
        self._take(key, name, mask, drawn)
        if self.teaching and self.ready is not None and key in self.ready.grids:
            self._teach(key, name, where)

    def take_back(self, name: str, mask: Mask, drawn: NDArray[np.int8]) -> None:
        """Take what an organ looks like after napari's own undo or redo; it teaches nothing."""
        if self.key is not None:
            self._take(self.key, name, mask, drawn)

    def expect_stroke(self) -> None:
        """Get ready for the first stroke in the current image."""
        key = self.key
        if key is not None and self.teaching and self.ready is not None and key in self.ready.grids:
            self._run(self._quick, lambda _: self._engine.expect_stroke(key), lambda _: None)

    def set_teaching(self, teaching: bool) -> None:
        """Let each stroke teach, or not."""
        self.teaching = teaching

    def _take(self, key: str, name: str, mask: Mask, drawn: NDArray[np.int8]) -> None:
        place = (key, name)
        if place in self._earlier:  # painted before another image was looked at
            drawn = np.where(drawn >= 0, drawn, self._earlier[place])
        self._bases.setdefault(place, self.masks.get(name))
        base = self._bases[place]
        if (drawn >= 0).any():
            self._drawn[place] = drawn
            source: Source = "manual" if base is None else "corrected"
            # Erasing where nothing is teaches; it does not say that the organ is absent.
            some = base is not None or mask.any()
            shown: Shown | None = Shown(mask, source) if some else None
        else:
            self._drawn.pop(place, None)
            shown = base if base is not None and base.by_person else None
            self._forget_strokes(name)
        self.masks[name] = shown if shown is not None else base or Shown(mask)
        self._keep(key, name, shown)

    def _keep(self, key: str, name: str, shown: Shown | None) -> None:
        """Store a person's mask, or take it away; of several in a row the last one is written."""
        names, author = self.organs.names, self.author
        waits = (key, name) in self._unwritten
        self._unwritten[key, name] = shown
        if waits:
            return

        def write(cohort: Cohort) -> None:
            last = self._unwritten.pop((key, name))
            if last is None:
                cohort.delete_segmentation(key, name)
            else:
                store_mask(
                    cohort, key, name, last.mask, names, last.source or "manual", None, author
                )

        def done(_: None) -> None:
            self.written.emit()
            self._say("done", f"{name} corrected · saved{self._lacks()}")
            self.reload()

        self._run(self._disk, lambda _: self._desk.ask(write), done)

    def _lacks(self) -> str:
        """Say what strokes need before they teach."""
        if self.teaching and self.ready is None:
            return ". Find structures once, and strokes teach"
        return _ONE_SIDED if self.teaching and self._one_sided else ""

    def go_to(self, key: str | None) -> None:
        """Look at another image; what was painted in this one is kept."""
        if key != self.key:
            self._earlier = dict(self._drawn)
        super().go_to(key)

    def _show_mask(self, name: str, shown: Shown | None) -> None:
        """Show what was read, unless a person is painting there: that is newer."""
        if (self.key, name) not in self._bases or name not in self.masks:
            super()._show_mask(name, shown)

    def _show_written(self, path: Any) -> None:
        for place in set(self._bases) - set(self._drawn):
            del self._bases[place]  # its strokes were all taken back
        super()._show_written(path)

    def _teach(self, key: str, name: str, where: Slice | None) -> None:
        self._strokes += 1
        number = self._strokes
        if where is not None:
            self._learn(key, name, number, where, anew=True)
        self._learn(key, name, number, None, anew=where is None)

    def _learn(self, key: str, name: str, number: int, where: Slice | None, anew: bool) -> None:
        """Show what was learned, in a slice or in the whole image, unless a newer stroke came."""
        before = self.masks[name].mask

        def work(_: object) -> Mask | None:
            if number != self._strokes or key != self.key:
                return None
            if anew:
                self._learn_anew(name)
            if where is None:
                return self._engine.taught(key)
            found = self._engine.taught_slice(key, where.axis, where.point_world)
            return with_slice(before, where, found)

        def have(mask: Mask | None) -> None:
            self._one_sided = False
            self._note_strokes(name)
            if mask is None or number != self._strokes or key != self.key:
                return
            drawn = self._drawn.get((key, name))
            if drawn is not None:
                mask = np.where(drawn >= 0, drawn == 1, mask)
            self.masks[name] = Shown(mask, "corrected")
            if where is None:
                self._keep(key, name, self.masks[name])
            self.learned.emit(name)
            self.segmenting_changed.emit()

        def failed(error: BaseException) -> None:
            if isinstance(error, SettingsError):
                self._one_sided = True
                self._say("info", f"{name} corrected{_ONE_SIDED}")
            else:
                self._failed(error)

        self._run(self._quick, work, have, failed)

    def _note_strokes(self, name: str) -> None:
        """From now on the organ is what strokes taught."""
        organ = self.organs.organ(name)
        some = any(stroked == name for _, stroked in self._drawn)
        if organ is not None and some and organ.by != "strokes":
            self._history.note_strokes(name)
            self._keep_organs()
            self.organs_changed.emit()

    def _forget_strokes(self, name: str) -> None:
        """Go back to what an organ was taught by, once all of its strokes are taken back."""
        if all(organ != name for _, organ in self._drawn):
            self._history.forget_strokes(name)
            self._keep_organs()
            self.organs_changed.emit()

    def _learn_anew(self, name: str) -> None:
        if self.path is not None:
            self._engine.teach(self._lessons(self.path, name))

    def _lessons(self, path: Path, name: str) -> Mapping[str, Lesson]:
        """Gather what is known of an organ: strokes, and masks that people painted before."""
        from medssl.cohort import Cohort
        from napari_medssl.segmenting.contract import Lesson

        known = {} if self.ready is None else self.ready.grids
        lessons = {}
        for (key, organ), drawn in list(self._drawn.items()):
            base = self._bases.get((key, organ))
            if organ == name and key in known:
                lessons[key] = Lesson(drawn, None if base is None else base.mask)
        with Cohort.open(path) as cohort:
            for record in cohort.segmentations(name=name, kind="human"):
                if record.case_key in known and record.case_key not in lessons:
                    shape = known[record.case_key].shape
                    lessons[record.case_key] = Lesson(self._painted(cohort, record, shape))
        return lessons

    def _painted(
        self, cohort: Cohort, record: SegmentationRecord, shape: tuple[int, ...]
    ) -> NDArray[np.int8]:
        """Read a mask that somebody painted; the last ones stay in memory between strokes."""
        known = self._lessons_read.get(record.fingerprint)
        if known is None:
            known = mask_of(cohort, record, shape).astype(np.int8)
            self._lessons_read[record.fingerprint] = known
            while len(self._lessons_read) > _KEPT:
                del self._lessons_read[next(iter(self._lessons_read))]
        return known

    def _adopt(self, contents: Any) -> None:
        if contents is None or contents.path != self.path:
            self._drawn.clear()
            self._earlier.clear()
            self._bases.clear()
        super()._adopt(contents)
