"""The Reading room in the real window, used as a person does."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from app_model.types import KeyBinding
from napari.layers import Image, Labels, Points, Shapes, Surface, Tracks, Vectors
from napari.utils.key_bindings import coerce_keybinding
from napari.utils.shortcuts import default_shortcuts
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent, QWheelEvent
from qtpy.QtWidgets import QApplication

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "core" / "io"))
import gui
from dicom_files import make_slice, ramp

from medssl.geometry import Grid
from medssl.io import write_image
from medssl.io.image import Image as MedImage
from medssl.phantom import make_volume
from napari_medssl.layers import image_to_layer
from napari_medssl.reading.planes import PLANES
from napari_medssl.shortcuts import PRETRAINING, READING, TABLE
from napari_medssl.widgets.reading.dock import ReadingWidget
from napari_medssl.widgets.reading.header_panel import HIDDEN
from napari_medssl.widgets.reading.windowing import dragged

AXIAL, CORONAL, SAGITTAL = PLANES
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
SHAPE = (12, 20, 30)


@pytest.fixture
def room(viewer):
    dock = ReadingWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Reading room", area="right")
    gui.until(dock.isVisible)
    yield dock
    dock.close_task()


def add(viewer, image: MedImage):
    data, attributes, _ = image_to_layer(image)
    layer = viewer.add_image(data, **attributes)
    gui.settle()
    return layer


def ct(**more) -> MedImage:
    z, y, x = np.indices(SHAPE)
    grid = Grid.create(SHAPE, (3.0, 1.0, 1.0), (-15.0, -10.0, 40.0))
    array = (100 * z + 10 * y + x - 300).astype(np.int16)
    return MedImage(array, grid, "zyx", name="ct", modality="CT", **more)


def mouse(widget, kind, at: QPointF, button=gui.LEFT, keys=gui.NO_KEYS, down=None) -> None:
    pressed = button if down is None else down
    screen = QPointF(widget.mapToGlobal(at.toPoint()))
    QApplication.sendEvent(widget, QMouseEvent(kind, at, screen, button, pressed, keys))


def drag(widget, start: QPointF, end: QPointF, keys=gui.NO_KEYS, button=gui.LEFT) -> None:
    """Drag in three moves, heard one by one."""
    mouse(widget, QEvent.Type.MouseButtonPress, start, button, keys)
    for share in (0.3, 0.7, 1.0):
        gui.until(_pause())  # vispy drops moves within 10 ms
        mouse(widget, QEvent.Type.MouseMove, start + (end - start) * share, gui.NONE, keys, button)
    mouse(widget, QEvent.Type.MouseButtonRelease, end, button, keys, gui.NONE)
    gui.settle()


def _pause():
    looks = iter(range(6))
    return lambda: next(looks, None) is None


def click_pane(pane, row: float, column: float) -> None:
    at = pane.scene.view.to_screen(row, column)
    mouse(pane, QEvent.Type.MouseButtonPress, at)
    mouse(pane, QEvent.Type.MouseButtonRelease, at, down=gui.NONE)
    gui.settle()


# --- letters and planes of the large view


def test_letters_follow_the_plane_and_the_head_is_on_top(viewer, room) -> None:
    add(viewer, ct())
    assert room.letters.words == ("A", "P", "R", "L")
    for plane, words in ((CORONAL, ("S", "I", "R", "L")), (SAGITTAL, ("S", "I", "A", "P"))):
        room.view.show(plane)
        gui.settle()
        assert room.letters.words == words
        middle = viewer.dims.point
        above = gui.position_of(viewer, [middle[0] + 6, middle[plane.columns]])
        below = gui.position_of(viewer, [middle[0] - 6, middle[plane.columns]])
        assert above.y() < below.y()
    room.view.show(AXIAL)
    assert str(viewer.scene.camera.orientation2d[0]) == "down"
    viewer.dims.ndisplay = 3
    gui.settle()
    assert room.letters.words == ("",) * 4


def test_an_oblique_series_has_two_letters(viewer, room, data_dir) -> None:
    (layer,) = viewer.open(
        data_dir / "brain_mr_dicom/Study3/37830-T2reg-78532", plugin="napari-medssl"
    )
    gui.settle()
    assert room.letters.words == ("AS", "PI", "R", "L")
    columns = np.array(layer.metadata["medssl"]["grid"]["direction"])
    assert abs(columns[1, 1]) < 0.985  # rows really lean by more than ten degrees
    assert "File" in room.window_box.names
    assert "Bone" not in room.window_box.names


def test_the_landmarks_dock_and_the_room_share_the_letters(viewer, room, tmp_path) -> None:
    write_image(make_volume(0, 32).image, tmp_path / "trunk.nii.gz")
    landmarks = gui.open_dock(viewer)
    landmarks.open_folder(tmp_path)
    gui.wait_idle(landmarks)
    assert room.letters.words == ("A", "P", "R", "L")
    assert room.target.layer.name == "trunk.nii.gz"
    room.close_task()
    gui.settle()
    assert viewer.canvas.overlays["medssl_middle_left"].text == "R"
    landmarks.close_task()
    gui.settle()
    assert not viewer.canvas.overlays["medssl_middle_left"].visible


def test_images_without_a_side_are_said_to_have_none(viewer, room) -> None:
    add(viewer, MedImage(np.zeros((8, 9)), Grid.create((8, 9)), "yx", name="picture"))
    assert room.letters.words == ("",) * 4
    assert "no letters" in room.foot.status.text()
    assert viewer.canvas.overlays.scale_bar.visible
    assert not room.primary.isEnabled()


# --- windows


def test_a_preset_shows_and_numbers_can_be_typed(viewer, room) -> None:
    layer = add(viewer, ct(window=(40.0, 400.0)))
    box = room.window_box
    assert box.names == ["File", "Brain", "Abdomen", "Bone", "Lung", "Full", "1–99 %"]
    box._buttons[box.names.index("Bone")].click()
    assert tuple(layer.contrast_limits) == (-100.0, 900.0)
    assert (box.width_box.value(), box.level_box.value()) == (1000, 400)
    assert box._buttons[box.names.index("Bone")].isChecked()
    box.level_box.setValue(-500)
    assert tuple(layer.contrast_limits) == (-1000.0, 0.0)
    gui.press(viewer, Qt.Key.Key_0)
    assert tuple(layer.contrast_limits) == (-160.0, 240.0)  # the first after none: the file's
    assert box.unit.text() == "HU"


def test_a_person_can_say_that_values_are_hounsfield_units(viewer, room) -> None:
    image = ct()
    add(viewer, MedImage(image.array, image.grid, "zyx", name="unknown"))
    assert "Bone" not in room.window_box.names
    room.head.hounsfield_set.emit(True)
    assert "Bone" in room.window_box.names


def test_a_chosen_preset_stays_when_the_layer_gets_another_image(viewer, room) -> None:
    layer = add(viewer, ct())
    room.window_box._buttons[room.window_box.names.index("Lung")].click()
    _, attributes, _ = image_to_layer(ct(window=(40.0, 400.0)))
    layer.data = layer.data + 1
    layer.metadata = attributes["metadata"]
    layer.contrast_limits = attributes["contrast_limits"]
    gui.settle()
    assert tuple(layer.contrast_limits) == (-1200.0, 200.0)


def test_ctrl_drag_changes_the_window_and_a_plain_drag_still_moves_the_view(viewer, room) -> None:
    layer = add(viewer, ct(window=(40.0, 400.0)))
    native = gui.canvas_of(viewer).native
    start = QPointF(gui.position_of(viewer, viewer.dims.point[1:]))
    centre = viewer.scene.camera.center
    drag(native, start, start + QPointF(60, -30), CTRL)
    low, high = layer.contrast_limits
    assert high - low == pytest.approx(400 * (1 + 60 / 250), rel=1e-3)
    assert (high + low) / 2 == pytest.approx(40 + 30 * 400 / 250, rel=1e-3)
    assert viewer.scene.camera.center == centre
    assert room.window_box.width_box.value() == round(high - low)
    drag(native, start, start + QPointF(60, -30))
    assert tuple(layer.contrast_limits) == (low, high)
    assert viewer.scene.camera.center != centre


def test_ctrl_drag_leaves_a_layer_that_is_edited_alone(viewer, room) -> None:
    layer = add(viewer, ct(window=(40.0, 400.0)))
    where = {"scale": layer.scale, "translate": layer.translate, "units": layer.units}
    labels = viewer.add_labels(np.zeros(SHAPE, np.uint8), **where)
    labels.mode = "paint"
    start = QPointF(gui.position_of(viewer, viewer.dims.point[1:]))
    drag(gui.canvas_of(viewer).native, start, start + QPointF(60, 0), CTRL)
    assert tuple(layer.contrast_limits) == (-160.0, 240.0)
    assert labels.data.any()
    labels.mode = "pan_zoom"


def test_a_narrow_window_is_moved_finely_and_never_closes() -> None:
    width, level = dragged(10.0, 0.0, 0.0, 25.0, 4000.0)
    assert (width, level) == (10.0, pytest.approx(4.0))
    assert dragged(10.0, 0.0, -9999.0, 0.0, 4000.0)[0] > 0


# --- crosshair and planes


@pytest.fixture
def planes(viewer, room):
    add(viewer, ct())
    gui.press(viewer, Qt.Key.Key_8)
    assert room.planes is not None
    gui.until(lambda: room.planes.panes["Axial"].scene is not None)
    gui.settle()
    return room.planes


def test_a_click_in_one_plane_moves_the_others_and_the_large_view(viewer, room, planes) -> None:
    click_pane(planes.panes["Coronal"], 55.0, 5.0)  # row z, column x
    assert viewer.dims.point[0] == pytest.approx(55.0, abs=0.4)
    assert viewer.dims.current_step[0] == 5
    axial, sagittal = (planes.panes[name].scene for name in ("Axial", "Sagittal"))
    assert axial.caption == "6 of 12"
    assert sagittal.cross[0] == pytest.approx(55.0, abs=0.4)
    assert sagittal.caption == "21 of 30"
    position = room.crosshair.position
    assert position.place[0] == pytest.approx(5.0, abs=0.4)
    assert position.place[2] == pytest.approx(55.0, abs=0.4)
    assert position.value == 100 * 5 + 10 * round(position.point_vox[1]) + 20 - 300
    assert f"{position.value} HU" in planes.where.text()
    assert room.place_box.words[1] == position.voxel_words


def test_planes_keep_the_proportions_of_millimetres(planes) -> None:
    scenes = [pane.scene for pane in planes.panes.values()]
    assert len({round(scene.view.zoom, 6) for scene in scenes}) == 1
    frame = planes.panes["Coronal"].scene.view.frame(scenes[0].layout)
    assert frame.width() / frame.height() == pytest.approx(30 * 1.0 / (12 * 3.0))


def test_the_wheel_goes_through_slices_and_ctrl_zooms(viewer, planes) -> None:
    pane = planes.panes["Sagittal"]
    middle = QPointF(pane.width() / 2, pane.height() / 2)

    def turn(notches: int, keys=gui.NO_KEYS) -> None:
        event = QWheelEvent(
            middle, QPointF(pane.mapToGlobal(middle.toPoint())), QPoint(), QPoint(0, 120 * notches),
            gui.NONE, keys, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(pane, event)
        gui.settle()

    before = viewer.dims.current_step[2]
    turn(2)
    assert viewer.dims.current_step[2] == before + 2
    turn(-99)
    assert viewer.dims.current_step[2] == 0
    zoom = pane.scene.view.zoom
    turn(3, CTRL)
    assert planes.panes["Axial"].scene.view.zoom == pytest.approx(zoom * 1.2**3)
    mouse(pane, QEvent.Type.MouseButtonDblClick, middle)
    gui.settle()
    assert pane.scene.view.zoom == pytest.approx(zoom)


def test_the_right_button_sets_the_window_in_a_plane(room, planes) -> None:
    layer = room.target.layer
    width = np.ptp(layer.contrast_limits)
    start = QPointF(40, 40)
    drag(planes.panes["Axial"], start, QPointF(90, 40), button=Qt.MouseButton.RightButton)
    assert np.ptp(layer.contrast_limits) == pytest.approx(width * (1 + 50 / 250))


def test_shift_click_on_the_large_view_moves_the_crosshair(viewer, room) -> None:
    add(viewer, ct())
    at = QPointF(gui.position_of(viewer, [-4.0, 8.0]))
    native = gui.canvas_of(viewer).native
    mouse(native, QEvent.Type.MouseButtonPress, at, keys=SHIFT)
    mouse(native, QEvent.Type.MouseButtonRelease, at, keys=SHIFT, down=gui.NONE)
    gui.settle()
    assert room.crosshair.position.place[:2] == pytest.approx((8.0, -4.0), abs=0.5)


def test_points_and_masks_are_seen_in_the_planes(viewer, room, planes) -> None:
    layer = room.target.layer
    mask = np.zeros(SHAPE, np.uint8)
    mask[5, 10, 20] = 1
    where = {"scale": layer.scale, "translate": layer.translate, "units": layer.units}
    labels = viewer.add_labels(mask, opacity=1.0, **where)
    viewer.add_points([[5, 10, 20]], features={"landmark": ["hilum"]}, symbol="diamond", **where)
    viewer.dims.set_point(range(3), layer.data_to_world((5, 10, 20)))
    gui.settle()
    for pane in planes.panes.values():
        assert [(mark.name, mark.diamond) for mark in pane.scene.marks] == [("hilum", True)]
    red, green, blue = planes.panes["Axial"].scene.picture[10, 20]
    assert len({int(red), int(green), int(blue)}) > 1
    labels.visible = False
    gui.settle()
    assert len(set(planes.panes["Axial"].scene.picture[10, 20].tolist())) == 1
    viewer.dims.set_point(0, viewer.dims.point[0] + 6)
    gui.settle()
    assert planes.panes["Axial"].scene.marks == ()


def test_planes_close_by_key_and_by_their_cross(viewer, room, planes) -> None:
    gui.press(viewer, Qt.Key.Key_8)
    assert room.planes is None
    assert "Show three planes" in room.primary.text()
    room.primary.click()
    gui.settle()
    assert room.planes is not None
    room.planes.parentWidget().close()
    gui.settle()
    viewer.window.remove_dock_widget("all")
    gui.settle()
    assert room.planes is None


def test_taking_the_volume_away_empties_the_planes(viewer, planes) -> None:
    viewer.layers.clear()
    gui.settle()
    assert planes.empty.isVisible()
    add(viewer, ct())
    gui.until(lambda: not planes.empty.isVisible())


# --- frames


def test_frames_play_with_a_key_and_say_their_time(viewer, room) -> None:
    array = np.zeros((3, *SHAPE), np.int16)
    said = {"frames": {"name": "time", "unit": "s", "values": [0.0, 1.5, 3.0], "rate": 30.0}}
    add(viewer, MedImage(array, ct().grid, "tzyx", name="perfusion", metadata=said))
    assert viewer.dims.axis_labels[0] == "time"
    viewer.dims.set_current_step(0, 1)
    gui.settle()
    assert room.place_box.frame.text() == "2 of 3 · time 1.5 s"
    seen = set()
    viewer.dims.events.current_step.connect(lambda: seen.add(viewer.dims.current_step[0]))
    gui.press(viewer, Qt.Key.Key_9)
    assert room.player.playing
    gui.until(lambda: seen == {0, 1, 2})
    gui.press(viewer, Qt.Key.Key_9)
    assert not room.player.playing
    viewer.layers.clear()
    gui.settle()
    assert room.player.frames is None


# --- header


def test_the_header_hides_whose_it_is_until_asked(viewer, room, tmp_path) -> None:
    path = make_slice(tmp_path / "a.dcm", ramp(), PatientID="HOSP-4711", KVP=120)
    viewer.open(path, plugin="napari-medssl")
    room.header_fold.button.click()
    panel = room.header
    gui.until(lambda: len(panel.shown) > 10)
    rows = {name: value for _, name, value in panel.shown}
    assert rows["Patient's Name"] == HIDDEN
    assert rows["KVP"] == "120"
    panel.search.setText("hosp")
    assert panel.shown == []  # what is hidden cannot be found by guessing
    panel.identifying.click()
    assert [(name, value) for _, name, value in panel.shown] == [("Patient ID", "HOSP-4711")]
    panel.search.setText("kvp")
    panel.tree.setCurrentIndex(panel._proxy.index(0, 2))
    panel.copy.click()
    assert QApplication.clipboard().text() == "(0018,0060)\tKVP\t120"
    assert "KVP" in room.foot.status.text()
    panel.search.setText("")
    panel.identifying.click()
    assert HIDDEN in [value for *_, value in panel.shown]


def test_the_header_follows_the_slice(viewer, room, tmp_path) -> None:
    for number, height in enumerate((0.0, 2.0, 4.0), start=1):
        make_slice(tmp_path / f"IM{number}", ramp(), (0, 0, height), number, SliceLocation=height)
    viewer.open(tmp_path, plugin="napari-medssl")
    gui.settle()
    viewer.dims.set_current_step(0, 0)
    room.header_fold.button.click()

    def location() -> str:
        return next((v for _, name, v in room.header.shown if name == "Slice Location"), "")

    gui.until(lambda: location() == "0")
    viewer.dims.set_current_step(0, 2)
    gui.until(lambda: location() == "4")


# --- the room itself


def test_the_empty_room_leads_on_and_closing_leaves_the_viewer_as_it_was(viewer) -> None:
    before = list(viewer.mouse_drag_callbacks)
    bar = viewer.canvas.overlays.scale_bar.visible
    room = ReadingWidget(viewer)
    dock = viewer.window.add_dock_widget(room, name="Reading room", area="right")
    gui.settle()
    assert room.empty.isVisible()
    assert "Open images" in room.primary.text()
    add(viewer, ct())
    assert not room.empty.isVisible()
    room.toggle_planes()
    room.view.show(CORONAL)
    viewer.window.remove_dock_widget(dock)
    gui.settle()
    assert list(viewer.mouse_drag_callbacks) == before
    assert viewer.canvas.overlays.scale_bar.visible == bar
    assert str(viewer.scene.camera.orientation2d[0]) == "down"
    assert not any("Three planes" in name for name in viewer.window.dock_widgets)
    gui.press(viewer, Qt.Key.Key_8)
    assert not any("Three planes" in name for name in viewer.window.dock_widgets)


@pytest.mark.parametrize("row", READING)
def test_the_keys_of_the_room_are_free(row) -> None:
    others = [key for one in (*TABLE, *PRETRAINING) for key in one.keys]
    kinds = (Image, Labels, Points, Shapes, Surface, Tracks, Vectors)
    taken: set[KeyBinding] = {k for keys in default_shortcuts.values() for k in keys}
    for kind in kinds:
        taken |= {k for c in kind.__mro__ for k in getattr(c, "class_keymap", {}) if k is not ...}
    for key in row.keys:
        assert coerce_keybinding(key) not in taken
        assert key not in others
