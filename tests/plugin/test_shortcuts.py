"""Our keys work whichever layer is active, and none of napari's is lost."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from app_model.types import KeyBinding
from napari.layers import Image, Labels, Points, Shapes, Surface, Tracks, Vectors
from napari.utils.key_bindings import coerce_keybinding
from napari.utils.shortcuts import default_shortcuts
from qtpy.QtCore import Qt

sys.path.insert(0, str(Path(__file__).parent))
import gui

from napari_medssl.shortcuts import (
    COHORT,
    LABELS,
    LESIONS,
    PRETRAINING,
    READING,
    SEGMENTATION,
    TABLE,
    Shortcut,
    bind,
    bind_over,
    labelled,
    shortcut,
)

LAYERS = {
    "image": lambda: Image(np.zeros((8, 8))),
    "labels": lambda: Labels(np.zeros((8, 8), int)),
    "points": lambda: Points(np.zeros((1, 2))),
    "shapes": lambda: Shapes([np.array([[0, 0], [4, 4]])], shape_type="line"),
    "surface": lambda: Surface((np.eye(3)[:, :2] * 4, np.array([[0, 1, 2]]), np.ones(3))),
    "tracks": lambda: Tracks(np.array([[0, 0, 1, 1], [0, 1, 2, 2]], float)),
    "vectors": lambda: Vectors(np.ones((1, 2, 2))),
}
QT_KEYS = {
    "Q": Qt.Key.Key_Q, "W": Qt.Key.Key_W, "G": Qt.Key.Key_G, "N": Qt.Key.Key_N,
    "J": Qt.Key.Key_J, "K": Qt.Key.Key_K, ",": Qt.Key.Key_Comma, ".": Qt.Key.Key_Period,
    "H": Qt.Key.Key_H, "U": Qt.Key.Key_U,
}  # fmt: skip
SHARED_WITH_LABELS = {"Control-Z", "Control-Shift-Z"}


def claimed(layer_class: type) -> set[KeyBinding]:
    """Keys that have a meaning on a layer of this class."""
    keys = {k for c in layer_class.__mro__ for k in getattr(c, "class_keymap", {})}
    return {k for k in keys if k is not Ellipsis}


ALWAYS_BOUND = (*TABLE, *COHORT, *PRETRAINING, *READING, *SEGMENTATION)


@pytest.mark.parametrize(
    "key", sorted({key for row in (*ALWAYS_BOUND, *LESIONS) for key in row.keys})
)
def test_our_keys_are_free_on_every_layer_and_in_the_viewer(key: str) -> None:
    ours = coerce_keybinding(key)
    for kind in (Image, Labels, Points, Shapes, Surface, Tracks, Vectors):
        shared = kind is Labels and key in SHARED_WITH_LABELS
        assert (ours in claimed(kind)) == shared, kind
    assert all(ours not in keys for keys in default_shortcuts.values())


def test_no_key_twice_and_each_printed() -> None:
    rows = {row.action: row for row in ALWAYS_BOUND}
    keys = [key for row in rows.values() for key in row.keys]
    assert len(keys) == len(set(keys))
    assert labelled("Find in all images", "find").endswith(shortcut("find").printed)


def test_labels_and_lessons_of_lesions_share_keys_only_with_what_gives_way() -> None:
    rows = {row.action: row for row in (*LESIONS, *LABELS)}
    keys = [key for row in rows.values() for key in row.keys]
    assert len(keys) == len(set(keys))
    own = {key for row in rows.values() if row not in TABLE for key in row.keys}
    taken = {key for row in ALWAYS_BOUND for key in row.keys} & own
    landmarks = {"find", "next_to_check", "similarity"}
    assert taken == {
        key
        for row in (*TABLE, *READING)
        if row in READING or row.action in landmarks
        for key in row.keys
    }
    assert [shortcut(f"label_{n}").printed for n in range(1, 10)] == list("123456789")
    assert labelled("Learn and show where", "learn").endswith("W")


def press_row(viewer, row: Shortcut) -> None:
    """Press the first key of a row, as a person does."""
    *modifiers, key = row.keys[0].split("-")
    shift = Qt.KeyboardModifier.ShiftModifier if modifiers else gui.NO_KEYS
    gui.press(viewer, getattr(Qt.Key, f"Key_{key}"), shift)


def fired_by(fired: list[str], table: Sequence[Shortcut]) -> dict[str, object]:
    return {row.action: (lambda action=row.action: fired.append(action)) for row in table}


@pytest.mark.gui
@pytest.mark.parametrize("table", [SEGMENTATION, LESIONS], ids=["segmentation", "lesions"])
def test_keys_of_masks_and_lesions_fire_on_each_layer(viewer, table: Sequence[Shortcut]) -> None:
    fired: list[str] = []
    release = bind(viewer, fired_by(fired, table), table)
    for name, make in LAYERS.items():
        viewer.layers.selection.active = viewer.add_layer(make())
        fired.clear()
        for row in table:
            press_row(viewer, row)
        assert fired == [row.action for row in table], name
    release()
    fired.clear()
    press_row(viewer, table[0])
    assert fired == []


@pytest.mark.gui
def test_lesions_take_keys_of_landmarks_while_they_are_seen_and_give_them_back(viewer) -> None:
    fired: list[str] = []
    release_landmarks = bind(viewer, fired_by(fired, TABLE))
    release_lesions = bind(viewer, fired_by(fired, LESIONS), LESIONS)
    keys = [row for row in LESIONS if row not in TABLE]
    for row in keys:
        press_row(viewer, row)
    release_lesions()
    for row in keys:
        press_row(viewer, row)
    release_landmarks()
    assert fired == [row.action for row in keys] + ["next_to_check", "find", "similarity"]


@pytest.mark.gui
def test_digits_label_on_each_layer_while_it_is_seen_and_napari_s_come_back(viewer) -> None:
    fired: list[str] = []
    release_reading = bind(viewer, fired_by(fired, READING), READING)
    before = [viewer.add_layer(make()) for make in (LAYERS["labels"], LAYERS["points"])]
    release = bind_over(viewer, fired_by(fired, LABELS), LABELS)
    later = [viewer.add_layer(make()) for make in LAYERS.values()]
    for layer in (*before, *later):
        viewer.layers.selection.active = layer
        fired.clear()
        mode = str(layer.mode)
        for row in LABELS:
            press_row(viewer, row)
        assert fired == [row.action for row in LABELS], layer
        assert str(layer.mode) == mode, layer
    release()
    fired.clear()
    for layer, key, mode in ((before[0], Qt.Key.Key_2, "paint"), (before[1], Qt.Key.Key_2, "add")):
        viewer.layers.selection.active = layer
        gui.press(viewer, key)
        assert str(layer.mode) == mode
    viewer.layers.selection.active = later[0]
    for row in READING:
        press_row(viewer, row)
    assert fired == [row.action for row in READING]
    release_reading()


@pytest.mark.gui
def test_ours_fire_and_napari_s_still_work_on_each_layer(viewer) -> None:
    fired: list[str] = []
    release = bind(
        viewer, {row.action: (lambda action=row.action: fired.append(action)) for row in TABLE}
    )
    for name, make in LAYERS.items():
        layer = viewer.add_layer(make())
        viewer.layers.selection.active = layer
        fired.clear()
        for row in TABLE:
            if row.keys[0] in QT_KEYS:
                gui.press(viewer, QT_KEYS[row.keys[0]])
        gui.press(viewer, Qt.Key.Key_U, Qt.KeyboardModifier.ShiftModifier)
        assert fired == [row.action for row in TABLE], name
        gui.press(viewer, Qt.Key.Key_V)
        assert not layer.visible, name
        gui.press(viewer, Qt.Key.Key_V)
        assert layer.visible, name
        if name == "points":
            gui.press(viewer, Qt.Key.Key_P)
            assert str(layer.mode) == "add"
            gui.press(viewer, Qt.Key.Key_S)
            assert str(layer.mode) == "select"
        if name == "labels":
            gui.press(viewer, Qt.Key.Key_F)
            assert str(layer.mode) == "fill"
            layer.fill((0, 0), 3)
            gui.press(viewer, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
            assert layer.data.max() == 0
        else:
            fired.clear()
            gui.press(viewer, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
            assert fired == ["undo"], name
    release()
    fired.clear()
    gui.press(viewer, Qt.Key.Key_N)
    assert fired == []


@pytest.mark.gui
def test_a_key_of_two_docks_goes_back_to_the_first(viewer) -> None:
    fired: list[str] = []

    def actions(dock: str) -> dict[str, object]:
        return {row.action: (lambda: fired.append(dock)) for row in (*TABLE, *COHORT)}

    release_first = bind(viewer, actions("landmarks"))
    release_second = bind(viewer, actions("cohort"), COHORT)
    gui.press(viewer, Qt.Key.Key_U)
    gui.press(viewer, Qt.Key.Key_G, Qt.KeyboardModifier.ShiftModifier)
    release_second()
    gui.press(viewer, Qt.Key.Key_U)
    gui.press(viewer, Qt.Key.Key_G, Qt.KeyboardModifier.ShiftModifier)
    release_first()
    gui.press(viewer, Qt.Key.Key_U)
    assert fired == ["cohort", "cohort", "landmarks"]
