"""Landmarks and their points: what a person names, places, corrects and takes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from medssl.progress import Progress
from napari_medssl.points import PointState
from napari_medssl.session.finding import Finding
from napari_medssl.session.status import shown_action
from napari_medssl.store import Saved


class Marking(Finding):
    """Changes landmarks and points: at once in memory, then in the store's thread."""

    # --- landmarks

    def add_landmark(self, name: str) -> bool:
        """Name a new landmark and make it the current one; False if the name is taken or empty."""
        name = " ".join(name.split())
        if not name or self.where is None:
            return False
        if name in self.landmarks:
            self._say("error", f"There is a landmark “{name}” already. Choose another name.")
            return False
        self.landmarks.append(name)
        self.landmark = name
        self._save(lambda: self._store.add_landmark(name))
        self._landmarks_touched()
        self._say("info", f"Now click {name} in the image, once.")
        return True

    def rename_landmark(self, old: str, new: str) -> bool:
        """Give a landmark another name; its points stay."""
        new = " ".join(new.split())
        if not new or new == old:
            return False
        if new in self.landmarks:
            self._say("error", f"There is a landmark “{new}” already. Choose another name.")
            return False
        self.landmarks[self.landmarks.index(old)] = new
        self.points = {
            (case, new if name == old else name): (
                replace(point, landmark=new) if name == old else point
            )
            for (case, name), point in self.points.items()
        }
        self.landmark = new if self.landmark == old else self.landmark
        self._save(lambda: self._store.rename_landmark(old, new))
        self._landmarks_touched()
        self._want([new] if self.templates(new) else [])
        return True

    def remove_landmark(self, name: str) -> None:
        """Take a landmark and its points away; undo brings them back."""
        self.landmarks.remove(name)
        self.points = {k: p for k, p in self.points.items() if k[1] != name}
        if self.landmark == name:
            self.landmark = self.landmarks[0] if self.landmarks else None
        self._save(lambda: self._store.remove_landmark(name))
        self._landmarks_touched()

    def select_landmark(self, name: str) -> None:
        """Make a landmark the current one."""
        if name in self.landmarks and name != self.landmark:
            self.landmark = name
            self._landmarks_touched()

    def step_landmark(self, step: int) -> None:
        """Go to the next or the previous landmark, around the end."""
        if self.landmark is not None:
            at = self.landmarks.index(self.landmark)
            self.select_landmark(self.landmarks[(at + step) % len(self.landmarks)])

    def _landmarks_touched(self) -> None:
        self.landmarks_changed.emit()
        self.points_changed.emit()
        self._refresh_similarity()

    # --- points

    def place(self, point_vox: Sequence[float], landmark: str | None = None) -> bool:
        """Set a landmark in the current image by hand; False (and said) where it cannot be.

        A point that moves a found or earlier one is a correction. Both teach the finder.
        """
        landmark = landmark if landmark is not None else self.landmark
        case, image = self.case, self.image
        if case is None or image is None or landmark is None:
            return False
        point = tuple(float(v) for v in point_vox)
        if not image.grid.contains_voxel(point):
            self._say("error", "That click is outside of the image. Click on the image itself.")
            return False
        before = self.points.get((case.key, landmark))
        source: Literal["manual", "corrected"] = "manual"
        if before is not None and before.source != "manual":
            source = "corrected"
        state = PointState(case.key, landmark, point, source, author=self.author)
        self.points[case.key, landmark] = state
        grid, modality, author = image.grid, image.modality, self.author
        words = None if self.find_at_once and self.ready is not None else f"{landmark} placed"
        self._save(lambda: self._store.set_point(case, grid, state, modality, author), words)
        self.points_changed.emit()
        if self.find_at_once:
            self._want([landmark])
        return True

    def accept(self) -> None:
        """Take the found point as it is; go on to the next one to check."""
        point, case, image = self.point, self.case, self.image
        if point is None or case is None or image is None:
            return
        if point.source == "predicted":
            state = replace(point, source="manual", level="set", author=self.author)
            self.points[case.key, point.landmark] = state
            grid, modality, author = image.grid, image.modality, self.author
            words = f"{point.landmark} accepted in {case.name}"
            self._save(lambda: self._store.set_point(case, grid, state, modality, author), words)
            self.points_changed.emit()
        self.next_to_check()

    def delete_point(self, landmark: str) -> None:
        """Take a person's point away; what was found in its place shows again."""
        case = self.case
        if case is None or (case.key, landmark) not in self.points:
            return
        key = case.key
        self._reload(lambda: self._store.delete_point(key, landmark), f"{landmark} deleted")

    def undo(self) -> None:
        """Take back the last thing that a person did."""
        self._reload(self._store.undo, "Undone", "Nothing to undo")

    def redo(self) -> None:
        """Do again what was taken back."""
        self._reload(self._store.redo, "Done again", "Nothing to redo")

    # --- what the cohort holds

    def reload(self) -> None:
        """Look again at what the cohort holds: somebody else has written to it."""
        if self.where is not None:
            self._load(self._store.read, self._adopt_saved)

    def _load(self, task: Callable[[], Saved], done: Callable[[Saved], None]) -> None:
        """Read from the cohort, and again where something was written in the meantime."""
        at = self._writes

        def have(saved: Saved) -> None:
            if self._writes == at:
                done(saved)
            else:
                self._load(lambda: self._store.read(saved.action), done)

        def read(_: Progress) -> Saved:
            self._saver.write()
            return task()

        self._disk.submit(read, have, self._not_saved)

    def _adopt_saved(self, saved: Saved) -> None:
        before = {name: self.templates(name) for name in self.landmarks}
        self.kept_in, self.trouble = saved.elsewhere, None
        self.landmarks = list(saved.landmarks)
        if self.landmark not in self.landmarks:
            self.landmark = self.landmarks[0] if self.landmarks else None
        self.points = {(p.case_key, p.landmark): p for p in saved.points}
        self._rejected = set(saved.rejected)
        self._adopt_names(saved.names)
        self._landmarks_touched()
        changed = [n for n in self.landmarks if self.templates(n) != before.get(n, {})]
        gone = [n for n in changed if not self.has_examples(n)]
        for name in gone:
            self._adopt_nothing(name)
        if self.ready is not None:
            self._want(n for n in changed if n not in gone)

    def _adopt_nothing(self, landmark: str) -> None:
        """Drop what was found for a landmark that nobody shows any more."""
        self.points = {
            k: p for k, p in self.points.items() if k[1] != landmark or p.source != "predicted"
        }
        self._save(lambda: self._store.set_predictions([landmark], [], ""), None)
        self.points_changed.emit()

    def _reload(self, task: Callable[[], Saved], words: str, nothing: str = "") -> None:
        def done(saved: Saved) -> None:
            self._adopt_saved(saved)
            self.written.emit()
            if saved.action is None and nothing:
                self._say("info", nothing)
            else:
                action = shown_action(saved.action, self.names)
                self._say("done", f"{words}: {action}" if action else words)

        if self.where is not None:
            self._load(task, done)
