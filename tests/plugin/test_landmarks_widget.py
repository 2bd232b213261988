"""The Landmarks dock in a real window, with real mouse and key events."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

sys.path.insert(0, str(Path(__file__).parent))
import gui

from medssl.cohort import Cohort
from napari_medssl.widgets.landmarks import LandmarksWidget
from napari_medssl.worker import Worker

pytestmark = pytest.mark.gui


@pytest.fixture
def viewer(make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1200, 900)
    gui.settle()
    return viewer


@pytest.fixture
def dock(viewer, engine) -> Iterator[LandmarksWidget]:
    widget = LandmarksWidget(viewer, engine=engine)
    viewer.window.add_dock_widget(widget, name="Landmarks", area="right")
    yield widget
    widget.close_session()


@pytest.fixture
def opened(dock, pictures, qtbot) -> LandmarksWidget:
    dock.open_folder(pictures)
    wait_idle(dock, qtbot)
    return dock


def wait_idle(dock: LandmarksWidget, qtbot) -> None:
    def idle() -> bool:
        workers = (dock._work, dock._disk, dock._display)
        there = dock.session.ready is not None and dock.session.image is not None
        return there and not any(worker.busy for worker in workers)

    qtbot.waitUntil(idle, timeout=20_000)
    gui.settle()


def name_landmark(dock: LandmarksWidget, name: str) -> None:
    dock.list.name.setFocus()
    QTest.keyClicks(dock.list.name, name)
    QTest.keyClick(dock.list.name, Qt.Key.Key_Return)
    gui.settle()


def test_without_images_the_one_button_opens_a_folder(dock) -> None:
    assert dock._empty.isVisibleTo(dock)
    assert not dock._body.isVisibleTo(dock)
    assert dock.primary.text() == "Open a folder…"
    assert dock.primary.isEnabled()


def test_name_click_and_it_is_found_everywhere(opened, viewer, qtbot, pictures) -> None:
    name_landmark(opened, "carina")
    assert opened.canvas.armed
    gui.click(viewer, (60, 50))
    qtbot.waitUntil(lambda: len(opened.session.points) == 6, timeout=10_000)
    wait_idle(opened, qtbot)
    assert not opened.canvas.armed
    assert opened.session.point is not None
    assert opened.session.point.point_vox == pytest.approx((60, 50), abs=0.5)
    assert "carina · similarity" in [layer.name for layer in viewer.layers]
    assert "found in 6 images" in opened.foot.status.text()
    with Cohort.open(pictures.parent / "chest.medssl") as cohort:
        assert len(cohort.points()) == 6


def test_the_key_arms_and_escape_lets_go(opened, viewer) -> None:
    name_landmark(opened, "carina")
    gui.press(viewer, Qt.Key.Key_Escape)
    assert not opened.canvas.armed
    gui.press(viewer, Qt.Key.Key_Q)
    assert opened.canvas.armed
    assert opened.place_button.isChecked()
    gui.press(viewer, Qt.Key.Key_Q)
    assert not opened.canvas.armed


def test_a_click_beside_the_image_is_refused_and_nothing_stays(opened, viewer, qtbot) -> None:
    name_landmark(opened, "carina")
    gui.click(viewer, (60, -15))
    qtbot.waitUntil(lambda: "outside" in opened.foot.status.text())
    assert opened.session.points == {}
    assert len(opened.canvas.points_layer.data) == 0
    assert opened.canvas.armed


def test_dragging_a_found_point_corrects_it(opened, viewer, qtbot, engine) -> None:
    name_landmark(opened, "carina")
    gui.click(viewer, (60, 50))
    qtbot.waitUntil(lambda: len(opened.session.points) == 6, timeout=10_000)
    wait_idle(opened, qtbot)
    gui.press(viewer, Qt.Key.Key_N)
    wait_idle(opened, qtbot)
    assert opened.session.case.key == "film_06.png"
    found = opened.session.point.point_vox
    centre = viewer.scene.camera.center
    gui.drag(viewer, found, (80, 30))
    qtbot.waitUntil(lambda: opened.session.point.source == "corrected", timeout=10_000)
    wait_idle(opened, qtbot)
    assert opened.session.point.point_vox == pytest.approx((80, 30), abs=0.6)
    assert len(engine.found[-1]["carina"]) == 2
    assert viewer.scene.camera.center == centre


def test_dragging_elsewhere_still_moves_the_view(opened, viewer) -> None:
    centre = viewer.scene.camera.center
    gui.drag(viewer, (60, 50), (80, 30))
    assert viewer.scene.camera.center != centre
    assert opened.session.points == {}


def test_napari_s_own_tools_on_our_layer_do_the_same(opened, viewer, qtbot) -> None:
    name_landmark(opened, "carina")
    layer = opened.canvas.points_layer
    layer.add((60.0, 50.0))
    qtbot.waitUntil(lambda: len(opened.session.points) == 6, timeout=10_000)
    wait_idle(opened, qtbot)
    layer.selected_data = {0}
    layer.remove_selected()
    qtbot.waitUntil(lambda: not opened.session.templates("carina"), timeout=10_000)
    wait_idle(opened, qtbot)


def test_stepping_and_undo_by_keys(opened, viewer, qtbot) -> None:
    gui.press(viewer, Qt.Key.Key_K)
    wait_idle(opened, qtbot)
    assert opened.session.index == 1
    assert "film_02.png" in [layer.name for layer in viewer.layers]
    gui.press(viewer, Qt.Key.Key_J)
    wait_idle(opened, qtbot)
    name_landmark(opened, "carina")
    gui.click(viewer, (60, 50))
    qtbot.waitUntil(lambda: len(opened.session.points) == 6, timeout=10_000)
    wait_idle(opened, qtbot)
    gui.press(viewer, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: opened.session.points == {}, timeout=10_000)


def test_clicks_while_the_images_are_prepared_are_kept(dock, viewer, pictures, qtbot, engine):
    engine.gate.clear()
    dock.open_folder(pictures)
    qtbot.waitUntil(lambda: dock.session.image is not None, timeout=10_000)
    name_landmark(dock, "carina")
    gui.click(viewer, (60, 50))
    qtbot.waitUntil(lambda: bool(dock.session.points), timeout=5_000)
    assert dock.session.ready is None
    engine.gate.set()
    wait_idle(dock, qtbot)
    qtbot.waitUntil(lambda: len(dock.session.points) == 6, timeout=10_000)


def test_cancel_stops_and_find_goes_on(dock, pictures, qtbot, engine, viewer) -> None:
    engine.gate.clear()
    dock.open_folder(pictures)
    qtbot.waitUntil(dock.foot.cancel.isVisible, timeout=10_000)
    qtbot.waitUntil(lambda: dock.session.image is not None, timeout=10_000)
    dock.foot.cancel.click()
    qtbot.waitUntil(lambda: "Stopped" in dock.foot.status.text(), timeout=10_000)
    qtbot.waitUntil(lambda: not dock._work.busy, timeout=10_000)
    assert not dock.foot.cancel.isVisible()
    engine.gate.set()
    name_landmark(dock, "carina")
    gui.click(viewer, (60, 50))
    qtbot.waitUntil(lambda: len(dock.session.points) == 6, timeout=20_000)


def test_open_layers_become_the_cohort(dock, viewer, qtbot) -> None:
    rng = np.random.default_rng(1)
    for name in ("one", "two", "three"):
        viewer.add_image(rng.random((80, 70)).astype(np.float32), name=name)
    dock._use_layers()
    qtbot.waitUntil(lambda: len(dock.session.sources) == 3, timeout=20_000)
    wait_idle(dock, qtbot)
    assert [s.name for s in dock.session.sources] == ["001_one.tif", "002_two.tif", "003_three.tif"]
    assert not viewer.layers["one"].visible


def test_no_open_layer_says_what_to_do(dock) -> None:
    dock._use_layers()
    assert "Open a folder" in dock.foot.status.text()


def test_closing_takes_our_layers_away(opened, viewer) -> None:
    viewer.add_labels(np.zeros((120, 100), int), name="mine")
    opened.canvas.close()
    assert [layer.name for layer in viewer.layers] == ["mine"]


def test_the_primary_button_stays_in_sight(opened, viewer) -> None:
    for i in range(8):
        opened.session.add_landmark(f"landmark {i}")
    gui.settle()
    assert viewer.window._qt_window.height() <= 900
    bottom = opened.primary.mapTo(opened, opened.primary.rect().bottomLeft()).y()
    assert bottom < opened.height()
    assert 320 <= opened.minimumSizeHint().width() <= 420


def test_no_step_holds_the_window(viewer, engine, pictures, qtbot, monkeypatch) -> None:
    """Nothing of ours takes the window's thread for 50 ms while a person clicks and steps."""
    spent: dict[str, float] = {}

    def timed(owner: type, name: str) -> None:
        plain = getattr(owner, name)

        def call(*args, **kwargs):
            start = time.thread_time()
            plain(*args, **kwargs)
            spent[name] = max(spent.get(name, 0.0), time.thread_time() - start)

        monkeypatch.setattr(owner, name, call)

    timed(Worker, "_deliver")
    timed(LandmarksWidget, "_refresh_points")
    timed(LandmarksWidget, "_on_placed")
    dock = LandmarksWidget(viewer, engine=engine)
    viewer.window.add_dock_widget(dock, name="Landmarks", area="right")
    dock.open_folder(pictures)
    wait_idle(dock, qtbot)
    name_landmark(dock, "carina")
    gui.click(viewer, (60, 50))
    qtbot.waitUntil(lambda: len(dock.session.points) == 6, timeout=10_000)
    wait_idle(dock, qtbot)
    spent.clear()
    for _ in range(4):
        start = time.thread_time()
        dock.session.step(1)
        spent["step"] = max(spent.get("step", 0.0), time.thread_time() - start)
        wait_idle(dock, qtbot)
        dock._on_placed("carina", (50.0, 40.0))
        wait_idle(dock, qtbot)
    dock.close_session()
    assert max(spent.values()) < 0.05, spent
