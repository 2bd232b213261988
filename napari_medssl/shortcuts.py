"""The one table of our keys, a part for each dock.

napari gives most letters a meaning on some layer (P, F, L, A, C, Space, 1 to 7, ...), and the
keys of the active layer win over the viewer's. Every key here has a meaning on no layer of
napari 0.9 and none in its viewer, so that ours work whichever layer is active and none of
napari's is lost. Ctrl+Z is bound too, where a Labels layer does not claim it for its painting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari import Viewer


@dataclass(frozen=True)
class Shortcut:
    """One key: what it does, as napari spells it, and as a person reads it on a button."""

    action: str
    keys: tuple[str, ...]
    printed: str
    words: str


TABLE: tuple[Shortcut, ...] = (
    Shortcut("place", ("Q",), "Q", "click the current landmark in the image"),
    Shortcut("find", ("W",), "W", "find in all images"),
    Shortcut("accept", ("G",), "G", "accept the found point and go on"),
    Shortcut("next_to_check", ("N",), "N", "next image to check, the least sure first"),
    Shortcut("previous", ("J",), "J", "previous image"),
    Shortcut("next", ("K",), "K", "next image"),
    Shortcut("previous_landmark", (",",), ",", "previous landmark"),
    Shortcut("next_landmark", (".",), ".", "next landmark"),
    Shortcut("similarity", ("H",), "H", "show or hide the similarity map"),
    Shortcut("undo", ("U", "Control-Z"), "U", "undo"),
    Shortcut("redo", ("Shift-U", "Control-Shift-Z"), "⇧U", "redo"),
)
PRETRAINING: tuple[Shortcut, ...] = (
    Shortcut(
        "start", ("Control-Enter",), "Ctrl+Enter", "start, go on with, or use what was learned"
    ),
)
READING: tuple[Shortcut, ...] = (
    Shortcut("planes", ("8",), "8", "show or hide the three planes"),
    Shortcut("next_window", ("0",), "0", "next window of grey values"),
    Shortcut("play", ("9",), "9", "play the frames, or stop"),
)
_BY_ACTION: Mapping[str, Shortcut] = {s.action: s for s in (*TABLE, *PRETRAINING, *READING)}


def shortcut(action: str) -> Shortcut:
    """Row of the table for an action."""
    return _BY_ACTION[action]


def labelled(words: str, action: str) -> str:
    """Text of a button with its key printed on it."""
    return f"{words}   {_BY_ACTION[action].printed}"


def bind(
    viewer: Viewer, actions: Mapping[str, Callable[[], Any]], table: Sequence[Shortcut] = TABLE
) -> Callable[[], None]:
    """Bind every key of a table to its action in a viewer; call the result to let go again."""

    def handler(action: Callable[[], Any]) -> Callable[[Any], None]:
        def pressed(_: Any) -> None:
            action()

        return pressed

    for row in table:
        for key in row.keys:
            viewer.bind_key(key, handler(actions[row.action]), overwrite=True)

    def release() -> None:
        for row in table:
            for key in row.keys:
                viewer.bind_key(key, None)

    return release
