"""Picking: structures that a person clicks make up an organ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from medssl.errors import SettingsError
from napari_medssl.segmenting.masks import Masks, Shown
from napari_medssl.segmenting.organs import Organs


class Picking(Masks):
    """Changes organs, and outlines them in the current image at once."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._outlining: set[tuple[str, str, frozenset[int]]] = set()

    def put_in(self, cluster: int) -> None:
        """Add the structure of a cluster to the current organ."""
        self._change(self.organs.put_in(self.structure_of(cluster)))

    def take_out(self, cluster: int) -> None:
        """Take the structure of a cluster out of the current organ."""
        self._change(self.organs.take_out(self.structure_of(cluster)))

    def add_organ(self) -> None:
        """Begin another organ."""
        self._change(self.organs.add())

    def select_organ(self, name: str) -> None:
        """Work on another organ."""
        self._change(self.organs.select(name))

    def rename_organ(self, name: str) -> None:
        """Give the current organ another name; masks that are stored keep theirs."""
        before = self.organs.current.name
        if name.strip() == before:
            return
        number = sum(one.landmark == before for one in self.stored)
        if number:
            self._say(
                "info",
                f"{before} has masks in {number} image{'' if number == 1 else 's'} and keeps its "
                "name. Begin another organ with +.",
            )
            self.organs_changed.emit()
            return
        self._try(lambda: self.organs.rename(name.strip()))

    def remove_organ(self) -> None:
        """Take the current organ away; masks that are stored stay in the cohort."""
        self._change(self.organs.remove())

    def undo(self) -> None:
        """Take back the last change of an organ."""
        self._turn(self._history.undo, "Undone", "Nothing to undo")

    def redo(self) -> None:
        """Make it again."""
        self._turn(self._history.redo, "Done again", "Nothing to redo")

    def _turn(self, turn: Callable[[], bool], words: str, nothing: str) -> None:
        before = self.organs
        turned = turn()
        if turned:
            self._organs_are_others(before)
        self._say("info", words if turned else nothing)

    def _try(self, change: Callable[[], Organs]) -> None:
        try:
            organs = change()
        except SettingsError as error:
            self._say("error", str(error))
            self.organs_changed.emit()
        else:
            self._change(organs)

    def _change(self, organs: Organs) -> None:
        before = self.organs
        if self._history.change(organs):
            self._organs_are_others(before)

    def _organs_are_others(self, before: Organs) -> None:
        self._keep_organs()
        for name in set(self.masks) - set(self.organs.names):
            del self.masks[name]
        self.organs_changed.emit()
        for organ in self.organs.every:
            shown, was = self.masks.get(organ.name), before.organ(organ.name)
            if shown is not None and shown.by_person:
                continue
            if organ.by == "structures":
                if was is None or (was.by, was.members) != (organ.by, organ.members):
                    self._outline(organ.name)
            elif was is None or was.by != organ.by:
                self.read_masks()  # an undone pick: what was stored before it holds again

    def _show_mask(self, name: str, shown: Shown | None) -> None:
        if shown is not None or not self._outline(name):
            super()._show_mask(name, shown)

    def _outline(self, name: str) -> bool:
        """Begin to outline an organ that is not stored in this image; whether there is one."""
        organ, key = self.organs.organ(name), self.key
        if organ is None or key is None or self.tree is None or self.ready is None:
            return False
        if key not in self.ready.grids:
            return False
        if not organ.members:
            shown = self.masks.get(name)
            if shown is None or shown.source is not None:
                return False
            del self.masks[name]
            self.mask_changed.emit(name)
            return True
        asked = (key, name, organ.members)
        if asked in self._outlining:
            return False
        self._outlining.add(asked)

        def outline(_: object) -> Any:
            wanted = self.organs.organ(name)
            stale = wanted is None or wanted.members != organ.members or key != self.key
            return None if stale else self._engine.outline(key, organ.members)

        def have(mask: Any) -> None:
            self._outlining.discard(asked)
            now = self.organs.organ(name)
            if mask is None or key != self.key or now is None or now.members != organ.members:
                return
            shown = self.masks.get(name)
            if shown is None or not shown.by_person:
                self.masks[name] = Shown(mask)
                self.mask_changed.emit(name)

        def failed(error: BaseException) -> None:
            self._outlining.discard(asked)
            self._failed(error)

        self._run(self._quick, outline, have, failed)
        return True
