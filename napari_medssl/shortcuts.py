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
from weakref import WeakKeyDictionary

from napari.utils.key_bindings import coerce_keybinding

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer


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
COHORT: tuple[Shortcut, ...] = (
    Shortcut("accept_case", ("Shift-G",), "⇧G", "accept all that was found in the case, go on"),
    Shortcut("reject_case", ("Shift-X",), "⇧X", "take away all that was found in the case, go on"),
    Shortcut("skip_case", ("Shift-S",), "⇧S", "leave the case for later, go on"),
    Shortcut("correct_case", ("Shift-Q",), "⇧Q", "click the least sure landmark of the case"),
    Shortcut("next_case", ("Shift-N",), "⇧N", "open the next most useful case"),
    Shortcut("refine", ("Shift-R",), "⇧R", "learn from what was set, and find all again"),
    *(row for row in TABLE if row.action in ("undo", "redo")),
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
SEGMENTATION: tuple[Shortcut, ...] = (
    Shortcut("structures", ("Shift-C",), "⇧C", "find the structures of all images"),
    Shortcut("segment_all", ("Shift-W",), "⇧W", "segment the current organ in all images"),
    Shortcut("next_mask", ("Shift-K",), "⇧K", "open the image whose mask is the least sure"),
    *(row for row in TABLE if row.action in ("undo", "redo")),
)
LABELS: tuple[Shortcut, ...] = (
    *(
        Shortcut(f"label_{n}", (str(n),), str(n), f"label the image, class {n}")
        for n in range(1, 10)
    ),
    Shortcut("no_label", ("0",), "0", "take the label of the image away"),
)
"""Digits have a meaning on some layers of napari, and in the Reading room. They label only while a
person sees the Lesion maps dock or the gallery of the Cohort dock (`bind_over`)."""
LESIONS: tuple[Shortcut, ...] = (
    Shortcut("next_unsure", ("N",), "N", "next image to label, the most unsure first"),
    Shortcut("learn", ("W",), "W", "learn from the labels, and show where"),
    Shortcut("compare_maps", ("H",), "H", "compare with another method, or no more"),
    *(row for row in TABLE if row.action in ("previous", "next", "undo", "redo")),
)
"""What the Landmarks dock does to points these do to labels, while a person sees that dock."""
_BOUND: WeakKeyDictionary[Viewer, dict[str, list[Callable[[Any], None]]]] = WeakKeyDictionary()
_BY_ACTION: Mapping[str, Shortcut] = {
    s.action: s for s in (*TABLE, *COHORT, *PRETRAINING, *READING, *SEGMENTATION, *LABELS, *LESIONS)
}


def shortcut(action: str) -> Shortcut:
    """Row of the table for an action."""
    return _BY_ACTION[action]


def labelled(words: str, action: str) -> str:
    """Text of a button with its key printed on it."""
    return f"{words}   {_BY_ACTION[action].printed}"


def bind(
    viewer: Viewer, actions: Mapping[str, Callable[[], Any]], table: Sequence[Shortcut] = TABLE
) -> Callable[[], None]:
    """Bind every key of a table to its action in a viewer; call the result to let go again.

    A key of two docks (undo, redo) is that of the one bound last, and goes back to the other.
    """

    def handler(action: Callable[[], Any]) -> Callable[[Any], None]:
        def pressed(_: Any) -> None:
            action()

        return pressed

    bound = _BOUND.setdefault(viewer, {})
    ours = {key: handler(actions[row.action]) for row in table for key in row.keys}
    for key, pressed in ours.items():
        bound.setdefault(key, []).append(pressed)
        viewer.bind_key(key, pressed, overwrite=True)

    def release() -> None:
        for key, pressed in ours.items():
            bound[key].remove(pressed)
            others = bound[key]
            viewer.bind_key(key, others[-1] if others else None, overwrite=True)

    return release


def bind_over(
    viewer: Viewer, actions: Mapping[str, Callable[[], Any]], table: Sequence[Shortcut]
) -> Callable[[], None]:
    """Bind keys that win over those of the layers too; call the result to give all back.

    It is for keys that a person cannot do without and that napari uses on some layers, and only
    for as long as a person sees what they do.
    """
    release_viewer = bind(viewer, actions, table)
    held: list[tuple[Layer, str, Callable[[Any], Any] | None]] = []

    def take(layer: Layer) -> None:
        for row in table:
            for key in row.keys:
                before = layer.keymap.get(coerce_keybinding(key))
                held.append((layer, key, before))
                layer.bind_key(key, handler(actions[row.action]), overwrite=True)

    def handler(action: Callable[[], Any]) -> Callable[[Any], None]:
        def pressed(_: Any) -> None:
            action()

        return pressed

    def on_inserted(event: Any) -> None:
        take(event.value)

    for layer in viewer.layers:
        take(layer)
    viewer.layers.events.inserted.connect(on_inserted)

    def release() -> None:
        viewer.layers.events.inserted.disconnect(on_inserted)
        release_viewer()
        for layer, key, before in held:
            layer.bind_key(key, before, overwrite=True)

    return release
