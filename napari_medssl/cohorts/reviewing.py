"""Review: accept, correct, reject, skip, and which case comes next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from psygnal import Signal

from medssl.progress import Progress
from napari_medssl.cohorts.looking import Looking
from napari_medssl.session.status import shown_action

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from medssl.cohort.overview import CaseSummary

Usefulness = Literal["helps most", "least sure", "most different"]
_MOST_COMPARED = 2000
"""Of more cases than that no pictures are made for a comparison that nobody asked for."""


class Reviewing(Looking):
    """What a person says of the predictions, case by case.

    Attributes
    ----------
    usefulness
        Which case is the most useful one to look at next.
    descriptors
        What each case looks like, by key, as far as it is known.

    Signals
    -------
    correction_wanted
        Landmark that the next click in the image places.
    """

    correction_wanted = Signal(str)
    usefulness: Usefulness = "helps most"

    def start_review(self) -> None:
        """Forget what was skipped, and what images look like."""
        self._skipped: set[str] = set()
        self.descriptors: Mapping[str, NDArray[np.float32]] = {}
        self._compared: set[str] = set()
        self._compared_of: Path | None = None

    def set_usefulness(self, usefulness: Usefulness) -> None:
        """Choose which case is the most useful one; the images are compared if need be."""
        self.usefulness = usefulness
        self._compare(aloud=True)

    def _compare(self, aloud: bool = False) -> None:
        """Learn what the images look like, each once, if that decides."""
        path = self.path
        if path != self._compared_of:
            self.start_review()
            self._compared_of = path
        missing = [case.key for case in self.cases if case.key not in self._compared]
        unasked = len(self.cases) > _MOST_COMPARED and self.usefulness != "most different"
        if path is None or not missing or unasked or self.usefulness == "least sure":
            return
        self._compared.update(missing)

        def work(progress: Progress) -> Mapping[str, NDArray[np.float32]]:
            from napari_medssl.cohorts.pictures import PictureMaker

            maker = PictureMaker(path)
            try:
                return maker.describe(missing, progress)
            finally:
                maker.close()

        def have(found: Mapping[str, NDArray[np.float32]]) -> None:
            if self.path == path:
                self.descriptors = {**self.descriptors, **found}
                if aloud:
                    self._say("done", f"{len(self.descriptors)} images compared")

        def failed(error: BaseException) -> None:
            self._compared.difference_update(missing)
            self._failed(error)

        self._run(self._importing, work, have, failed)

    @property
    def waits(self) -> bool:
        """Whether the current case has predictions that a person can judge now."""
        return self.case is not None and self.case.state == "predicted" and self.is_seen

    def accept(self) -> None:
        """Take all that was found in the current case as right; go on."""
        self._judge(self._desk.accept, "accepted")

    def reject(self) -> None:
        """Take all that was found in the current case away; go on."""
        self._judge(self._desk.reject, "rejected")

    def skip(self) -> None:
        """Leave the current case for the end; go on."""
        if self.key is not None:
            self._skipped.add(self.key)
            self.next_useful()

    def correct(self) -> None:
        """Let the next click place the least sure landmark of the current case."""
        landmarks = () if self.contents is None else self.contents.landmarks
        if self.detail is None:
            return
        if not landmarks:
            self._say("info", "There are no landmarks yet. Name one in the Landmarks dock.")
            return
        waiting = [p.landmark for p in self.detail.waiting]
        here = {p.landmark for p in self.detail.points}
        absent = [name for name in landmarks if name not in here]
        self.correction_wanted.emit([*waiting, *absent, *landmarks][0])

    def place(self, landmark: str, point_vox: Sequence[float]) -> bool:
        """Put a landmark of the current case where a person clicked or dragged it."""
        key, author, image, case = self.key, self.author, self.image, self.case
        if key is None or image is None or case is None:
            return False
        point = tuple(float(v) for v in point_vox)
        if not image.grid.contains_voxel(point):
            self._say("error", "That click is outside of the image. Click on the image itself.")
            return False
        words = f"{landmark} placed in {case.name}"
        self._write(lambda: self._desk.correct(key, landmark, point, author), words)
        return True

    def delete_point(self, landmark: str) -> None:
        """Take a person's point of the current case away; what was found there shows again."""
        key = self.key
        if key is not None:
            self._write(lambda: self._desk.delete_point(key, landmark), f"{landmark} deleted")

    def undo(self) -> None:
        """Take back the last thing that a person did."""
        self._turn(self._desk.undo, "Undone", "Nothing to undo")

    def redo(self) -> None:
        """Do again what was taken back."""
        self._turn(self._desk.redo, "Done again", "Nothing to redo")

    def next_useful(self) -> None:
        """Open the next most useful of the cases that are shown."""
        self._compare()
        key = self._next_key()
        if key is not None:
            self.go_to(key)
        elif self.cases:
            left = sum(case.key in self._skipped for case in self._open_cases(self.shown))
            words = "Nothing left to review"
            words += " among those shown" if self.arrangement.filters else ""
            self._say("done", f"{words} · {left} skipped" if left else words)

    def _next_key(self) -> str | None:
        """Most useful case but the current one: predicted, skipped, then those to do."""
        from napari_medssl.cohorts.usefulness import most_useful

        known = self.descriptors if self._compared_of == self.path else {}
        others = [case for case in self._open_cases(self.shown) if case.key != self.key]
        waiting = [case for case in others if case.state == "predicted"]
        fresh = [case for case in waiting if case.key not in self._skipped]
        if waiting and not fresh:
            self._skipped -= {case.key for case in waiting}
            fresh = waiting
        todo = [case for case in others if case.key not in self._skipped] or others
        done = [case.key for case in self.cases if case.by_person]
        return most_useful(fresh or todo, done, self.usefulness, known)

    def _open_cases(self, cases: Sequence[CaseSummary]) -> list[CaseSummary]:
        return [case for case in cases if case.state != "reviewed"]

    def _judge(self, verdict: Callable[[str, str | None], int], word: str) -> None:
        case, author = self.case, self.author
        if case is None or not self.waits:
            return
        following = self._next_key()

        def done(number: int) -> None:
            self.written.emit()
            self._say("done", f"{number} {word} in {case.name} · saved")
            self.reload()

        self._run(self._disk, lambda _: verdict(case.key, author), done)
        if following is not None:
            self.go_to(following)

    def _write(self, change: Callable[[], None], words: str) -> None:
        def done(_: None) -> None:
            self.written.emit()
            self._say("done", f"{words} · saved")
            self.reload()

        def failed(error: BaseException) -> None:
            self._failed(error)
            self._look_again()

        self._run(self._disk, lambda _: change(), done, failed)

    def _turn(self, task: Callable[[], str | None], words: str, nothing: str) -> None:
        def done(action: str | None) -> None:
            if action is None:
                self._say("info", nothing)
                return
            self.written.emit()
            names = {case.key: case.name for case in self.cases if case.name != case.key}
            self._say("done", f"{words}: {shown_action(action, names)}")
            self.reload()

        if self.contents is not None:
            self._run(self._disk, lambda _: task(), done)
