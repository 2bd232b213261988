"""Organs that a person picks: unions of clusters with a name, and how they were before."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from medssl.errors import SettingsError, StorageError

ORGANS_NAME = "organs.json"
_STEPS = 200
By = Literal["structures", "strokes", "net"]


@dataclass(frozen=True)
class Organ:
    """What a person wants to have segmented.

    Parameters
    ----------
    name
        Its name.
    members
        The clusters that were picked.
    by
        What was taught last, and so segments all images.
    net
        Run folder of the newest job that learned it; empty: there was none.
    before
        What it was taught by before the strokes of this session; None: there are none.
    """

    name: str
    members: frozenset[int] = frozenset()
    by: By = "structures"
    net: str = ""
    before: By | None = None


@dataclass(frozen=True)
class Organs:
    """All organs, and which of them is worked on."""

    every: tuple[Organ, ...] = (Organ("organ 1"),)
    at: int = 0

    @property
    def current(self) -> Organ:
        """The organ that clicks add to."""
        return self.every[self.at]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all organs."""
        return tuple(organ.name for organ in self.every)

    def organ(self, name: str) -> Organ | None:
        """Give the organ of a name."""
        return next((organ for organ in self.every if organ.name == name), None)

    def select(self, name: str) -> Organs:
        """Work on another organ."""
        return replace(self, at=self.names.index(name)) if name in self.names else self

    def add(self, name: str = "") -> Organs:
        """Begin another organ.

        Raises
        ------
        SettingsError
            If there is one of this name.
        """
        number = len(self.every) + 1
        while not name or (name in self.names and name == f"organ {number - 1}"):
            name, number = f"organ {number}", number + 1
        self._require_free(name)
        return Organs((*self.every, Organ(name)), len(self.every))

    def rename(self, name: str) -> Organs:
        """Give the current organ another name.

        Raises
        ------
        SettingsError
            If another one has it, or it is empty.
        """
        if name == self.current.name:
            return self
        if not name.strip():
            raise SettingsError("an organ needs a name")
        self._require_free(name)
        return self._with(replace(self.current, name=name))

    def remove(self) -> Organs:
        """Take the current organ away; one organ is always there."""
        left = tuple(organ for organ in self.every if organ is not self.current)
        return Organs(left, max(0, self.at - 1)) if left else Organs()

    def put_in(self, members: Collection[int]) -> Organs:
        """Add clusters to the current organ; another organ loses them."""
        taken = frozenset(members)
        others = tuple(replace(o, members=o.members - taken) for o in self.every)
        joined = _picked(self.current, self.current.members | taken)
        return replace(self, every=(*others[: self.at], joined, *others[self.at + 1 :]))

    def take_out(self, members: Collection[int]) -> Organs:
        """Take clusters out of the current organ."""
        return self._with(_picked(self.current, self.current.members - frozenset(members)))

    def emptied(self) -> Organs:
        """Keep the names only: the clusters are others now."""
        return replace(self, every=tuple(replace(o, members=frozenset()) for o in self.every))

    def taught(self, name: str, by: By, net: str | None = None) -> Organs:
        """Say what was taught last of an organ, and which net learned it if that is new."""

        def teach(organ: Organ) -> Organ:
            if organ.name != name:
                return organ
            before = organ.before if organ.by == "strokes" else organ.by
            return replace(
                organ,
                by=by,
                net=organ.net if net is None else net,
                before=before if by == "strokes" else None,
            )

        return replace(self, every=tuple(map(teach, self.every)))

    def _with(self, organ: Organ) -> Organs:
        return replace(self, every=(*self.every[: self.at], organ, *self.every[self.at + 1 :]))

    def _require_free(self, name: str) -> None:
        if name in self.names:
            raise SettingsError(f"there is an organ {name} already. Choose another name")


def _picked(organ: Organ, members: frozenset[int]) -> Organ:
    """Give an organ of other clusters: what is picked is newer than what was taught before."""
    if members == organ.members:
        return organ
    return replace(organ, members=members, by="structures", before=None)


def _with_net(organs: Organs, name: str, net: str, members: frozenset[int]) -> Organs:
    """Note a net in organs as they were; what was picked otherwise leads there as before."""
    organ = organs.organ(name)
    if organ is not None and organ.by == "structures" and organ.members != members:
        return organs.taught(name, "structures", net)
    return organs.taught(name, "net", net)


def _without_strokes(organs: Organs, name: str) -> Organs:
    organ = organs.organ(name)
    return organs if organ is None or organ.before is None else organs.taught(name, organ.before)


class History:
    """Organs as they were, to be undone and redone."""

    def __init__(self) -> None:
        self.now = Organs()
        self._before: list[Organs] = []
        self._after: list[Organs] = []

    def change(self, organs: Organs) -> bool:
        """Make a change that can be undone; whether it is one."""
        if organs == self.now:
            return False
        self._before = [*self._before[-_STEPS:], self.now]
        self.now, self._after = organs, []
        return True

    def note_net(self, name: str, net: str) -> None:
        """Note that a net has learned an organ; only the undo of one of its picks goes back."""
        self.now = self.now.taught(name, "net", net)
        organ = self.now.organ(name)
        if organ is not None:
            members = organ.members
            self._before = [_with_net(one, name, net, members) for one in self._before]
            self._after = [_with_net(one, name, net, members) for one in self._after]

    def note_strokes(self, name: str) -> None:
        """Note that strokes taught an organ; no undo of a pick takes that back."""
        self.now = self.now.taught(name, "strokes")
        self._before = [one.taught(name, "strokes") for one in self._before]
        self._after = [one.taught(name, "strokes") for one in self._after]

    def forget_strokes(self, name: str) -> None:
        """Note that all strokes were taken back; what was taught since holds."""
        self.now = _without_strokes(self.now, name)
        self._before = [_without_strokes(one, name) for one in self._before]
        self._after = [_without_strokes(one, name) for one in self._after]

    def begin(self, organs: Organs) -> None:
        """Begin anew, with nothing to undo."""
        self.now, self._before, self._after = organs, [], []

    def undo(self) -> bool:
        """Take the last change back; whether there was one."""
        if not self._before:
            return False
        self._after.append(self.now)
        self.now = self._before.pop()
        return True

    def redo(self) -> bool:
        """Make it again; whether there was one."""
        if not self._after:
            return False
        self._before.append(self.now)
        self.now = self._after.pop()
        return True


def keep_organs(folder: Path, organs: Organs) -> None:
    """Write organs beside the clusters that they are made of.

    Raises
    ------
    StorageError
        If they cannot be written.
    """
    from medssl.io._atomic import write_text

    kept = [
        {"name": organ.name, "members": sorted(organ.members), "by": organ.by, "net": organ.net}
        for organ in organs.every
    ]
    with write_text(folder / ORGANS_NAME) as file:
        json.dump({"organs": kept, "current": organs.at}, file, indent=1)


def recall_organs(folder: Path) -> Organs:
    """Read the organs of a folder; one without a cluster where there are none, or no whole file.

    Raises
    ------
    StorageError
        If they are there and cannot be read.
    """
    path = folder / ORGANS_NAME
    if not path.exists():
        return Organs()
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        every = tuple(map(_organ, kept["organs"]))
        at = min(max(0, _whole(kept["current"])), len(every) - 1)
        return Organs(every, at) if every else Organs()
    except OSError as error:
        raise StorageError(f"{path}: the organs cannot be read ({error.strerror}).") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageError(
            f"{path}: this file of organs is damaged. Delete it; masks that are stored stay."
        ) from error


def _organ(kept: Any) -> Organ:
    name, by, net = kept["name"], kept.get("by", "structures"), kept.get("net", "")
    if not (isinstance(name, str) and name and isinstance(net, str)):
        raise TypeError(kept)
    if by not in get_args(By) or (by == "net" and not net):
        raise ValueError(by)
    return Organ(name, frozenset(map(_whole, kept["members"])), by, net)


def _whole(number: Any) -> int:
    if not isinstance(number, int):
        raise TypeError(number)
    return number
