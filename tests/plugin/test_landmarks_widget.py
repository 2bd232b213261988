"""The Landmarks dock in a real window, with real mouse and key events."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import Qt

sys.path.insert(0, str(Path(__file__).parent))
import gui

from medssl.cohort import Cohort
from medssl.io import read_landmarks_csv
from napari_medssl.widgets.landmarks import LandmarksWidget
from napari_medssl.worker import Worker

pytestmark = pytest.mark.gui


@pytest.fixture
def opened(dock, pictures):
    dock.open_folder(pictures)
    gui.wait_idle(dock)
    return dock


def test_without_images_the_one_button_opens_a_folder(dock) -> None:
    assert dock.empty.isVisibleTo(dock)
    assert not dock.body.isVisibleTo(dock)
    assert dock.actions_bar.primary.text() == "Open a folder…"
    assert dock.actions_bar.primary.isEnabled()


def test_name_click_and_it_is_found_everywhere(opened, viewer, pictures) -> None:
    gui.name_landmark(opened, "carina")
    assert opened.canvas.armed
    gui.click(viewer, (60, 50))
    gui.until(lambda: len(opened.session.points) == 6)
    gui.wait_idle(opened)
    assert not opened.canvas.armed
    assert opened.session.point is not None
    assert opened.session.point.point_vox == pytest.approx((60, 50), abs=0.5)
    assert "carina · similarity" in [layer.name for layer in viewer.layers]
    assert "found in 6 images" in opened.foot.status.text()
    with Cohort.open(pictures.parent / "chest.medssl") as cohort:
        assert len(cohort.points()) == 6


def test_the_key_arms_and_escape_lets_go(opened, viewer) -> None:
    gui.name_landmark(opened, "carina")
    gui.press(viewer, Qt.Key.Key_Escape)
    assert not opened.canvas.armed
    gui.press(viewer, Qt.Key.Key_Q)
    assert opened.canvas.armed
    assert opened.place_button.isChecked()
    gui.press(viewer, Qt.Key.Key_Q)
    assert not opened.canvas.armed


def test_a_click_beside_the_image_is_refused_and_nothing_stays(opened, viewer) -> None:
    gui.name_landmark(opened, "carina")
    gui.click(viewer, (60, -15))
    gui.until(lambda: "outside" in opened.foot.status.text())
    assert opened.session.points == {}
    assert len(opened.canvas.points_layer.data) == 0
    assert opened.canvas.armed


def test_dragging_a_found_point_corrects_it(opened, viewer, engine) -> None:
    gui.place(opened, viewer, "carina", (60, 50))
    gui.press(viewer, Qt.Key.Key_N)
    gui.wait_idle(opened)
    assert opened.session.case.key == "film_06.png"
    found = opened.session.point.point_vox
    centre = viewer.scene.camera.center
    gui.drag(viewer, found, (80, 30))
    gui.until(lambda: opened.session.point.source == "corrected")
    gui.wait_idle(opened)
    assert opened.session.point.point_vox == pytest.approx((80, 30), abs=0.6)
    assert len(engine.found[-1]["carina"]) == 2
    assert viewer.scene.camera.center == centre


def test_a_drag_so_fast_that_no_move_is_heard_corrects_as_well(opened, viewer) -> None:
    gui.place(opened, viewer, "carina", (60, 50))
    gui.fling(viewer, (60, 50), (80, 30))
    gui.until(lambda: opened.session.point.point_vox[0] > 70)
    gui.wait_idle(opened)
    assert opened.session.point.point_vox == pytest.approx((80, 30), abs=0.6)


def test_a_click_on_a_point_leaves_it_where_it_is(opened, viewer) -> None:
    gui.place(opened, viewer, "carina", (60, 50))
    before = opened.session.point
    gui.click(viewer, (60.3, 50.3))
    gui.wait_idle(opened)
    assert opened.session.point == before


def test_dragging_elsewhere_still_moves_the_view(opened, viewer) -> None:
    centre = viewer.scene.camera.center
    gui.drag(viewer, (60, 50), (80, 30))
    assert viewer.scene.camera.center != centre
    assert opened.session.points == {}


def test_napari_s_own_tools_on_our_layer_do_the_same(opened, viewer) -> None:
    gui.name_landmark(opened, "carina")
    layer = opened.canvas.points_layer
    layer.add((60.0, 50.0))
    gui.until(lambda: len(opened.session.points) == 6)
    gui.wait_idle(opened)
    layer.selected_data = {0}
    layer.remove_selected()
    gui.until(lambda: not opened.session.templates("carina"))
    gui.wait_idle(opened)


def test_stepping_and_undo_by_keys(opened, viewer) -> None:
    gui.press(viewer, Qt.Key.Key_K)
    gui.wait_idle(opened)
    assert opened.session.index == 1
    assert "film_02.png" in [layer.name for layer in viewer.layers]
    gui.press(viewer, Qt.Key.Key_J)
    gui.wait_idle(opened)
    gui.place(opened, viewer, "carina", (60, 50))
    gui.press(viewer, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    gui.until(lambda: opened.session.points == {})


def test_clicks_while_the_images_are_prepared_are_kept(dock, viewer, pictures, engine):
    engine.gate.clear()
    dock.open_folder(pictures)
    gui.until(lambda: dock.session.image is not None)
    gui.name_landmark(dock, "carina")
    gui.click(viewer, (60, 50))
    gui.until(lambda: bool(dock.session.points))
    assert dock.session.ready is None
    engine.gate.set()
    gui.wait_idle(dock)
    gui.until(lambda: len(dock.session.points) == 6)


def test_cancel_stops_and_find_goes_on(dock, pictures, engine, viewer) -> None:
    engine.gate.clear()
    dock.open_folder(pictures)
    gui.until(dock.foot.cancel.isVisible)
    gui.until(lambda: dock.session.image is not None)
    dock.foot.cancel.click()
    gui.until(lambda: "Stopped" in dock.foot.status.text())
    gui.until(lambda: not dock.threads.work.busy)
    assert not dock.foot.cancel.isVisible()
    engine.gate.set()
    gui.name_landmark(dock, "carina")
    gui.click(viewer, (60, 50))
    gui.until(lambda: len(dock.session.points) == 6)


def test_open_layers_become_the_cohort(dock, viewer) -> None:
    rng = np.random.default_rng(1)
    for name in ("one", "two", "three"):
        viewer.add_image(rng.random((80, 70)).astype(np.float32), name=name)
    dock.opener.use_layers()
    gui.until(lambda: len(dock.session.sources) == 3)
    gui.wait_idle(dock)
    assert [s.name for s in dock.session.sources] == ["001_one.tif", "002_two.tif", "003_three.tif"]
    assert not viewer.layers["one"].visible


def test_the_least_sure_come_first_with_the_number_on_hover(opened, viewer) -> None:
    gui.place(opened, viewer, "carina", (60, 50))
    model = opened.review.model()

    def column(at: int, role: Qt.ItemDataRole) -> list[str]:
        return [model.data(model.index(row, at), role) for row in range(model.rowCount())]

    words = column(1, Qt.ItemDataRole.DisplayRole)
    assert words == ["○  low", "○  check", *["○  high"] * 3, "●  set"]
    assert column(0, Qt.ItemDataRole.DisplayRole)[0] == "film_06.png"
    tips = column(1, Qt.ItemDataRole.ToolTipRole)
    assert tips[0] == "found, confidence 0.25"
    assert tips[-1] == "placed by you"


def test_points_of_an_earlier_day_are_drawn_again(opened, viewer, pictures, engine) -> None:
    gui.place(opened, viewer, "carina", (60, 50))
    viewer.window.remove_dock_widget(opened)
    assert len(viewer.layers) == 0
    again = gui.open_dock(viewer, engine)
    again.open_folder(pictures)
    gui.wait_idle(again)
    gui.until(lambda: len(again.canvas.points_layer.data) == 1)
    assert again.canvas.points_layer.data[0] == pytest.approx((60, 50), abs=0.6)
    assert again.session.landmarks == ["carina"]


def test_the_similarity_map_goes_with_its_landmark(opened, viewer) -> None:
    gui.place(opened, viewer, "carina", (60, 50))
    gui.until(lambda: opened.canvas.similarity_layer.visible)
    opened.session.remove_landmark("carina")
    gui.wait_idle(opened)
    assert not opened.canvas.similarity_layer.visible


def test_the_layer_of_the_map_waits_hidden_and_a_click_fills_it(opened, viewer) -> None:
    waiting = opened.canvas.similarity_layer
    names = [layer.name for layer in viewer.layers]
    assert names == ["film_01.png", "Similarity", "Landmarks"]
    assert not waiting.visible
    assert viewer.layers.selection.active is opened.canvas.points_layer
    assert (waiting.extent.world[1] <= viewer.layers[0].extent.world[1]).all()
    gui.place(opened, viewer, "carina", (60, 50))
    gui.until(lambda: waiting.visible)
    assert waiting.name == "carina · similarity"
    assert len(viewer.layers) == 3
    assert viewer.layers.selection.active is opened.canvas.points_layer


def test_a_map_whose_layer_was_removed_comes_back_below_the_points(opened, viewer) -> None:
    viewer.layers.remove(opened.canvas.similarity_layer)
    gui.place(opened, viewer, "carina", (60, 50))
    gui.until(lambda: opened.canvas.similarity_layer is not None)
    layers = list(viewer.layers)
    assert layers.index(opened.canvas.similarity_layer) < layers.index(opened.canvas.points_layer)
    assert viewer.layers.selection.active is opened.canvas.points_layer


def test_what_to_know_of_an_image_stands_beside_it(dock, viewer, pictures, engine) -> None:
    engine.warnings["film_02.png"] = ("Its pixel size is that at the detector.", "Another.")
    dock.open_folder(pictures)
    gui.wait_idle(dock)
    notes = dock.case_panel.notes
    assert not notes.isVisible()
    gui.press(viewer, Qt.Key.Key_K)
    gui.wait_idle(dock)
    assert notes.isVisible()
    assert "at the detector" in notes.text()
    assert "1 more" in notes.text()
    assert "Another." in notes.toolTip()


def test_files_that_could_not_be_used_are_counted_and_named(dock, viewer, pictures) -> None:
    (pictures / "broken.png").write_bytes(b"not a picture")
    dock.open_folder(pictures)
    gui.wait_idle(dock)
    assert dock.foot.problems.isVisible()
    dock.foot.problems.button.click()
    assert "broken.png" in dock.foot.problem_words
    assert "1 could not be used" in dock.foot.status.text()


def test_a_table_is_exported(opened, viewer, tmp_path, monkeypatch) -> None:
    gui.place(opened, viewer, "carina", (60, 50))
    table = tmp_path / "out.csv"
    monkeypatch.setattr(
        "napari_medssl.widgets.action_bar.QFileDialog.getSaveFileName",
        lambda *_: (str(table), ""),
    )
    opened.actions_bar.export_table()
    gui.wait_idle(opened)
    assert len(read_landmarks_csv(table)) == 6
    assert "6 points written to out.csv" in opened.foot.status.text()


def test_no_open_layer_says_what_to_do(dock) -> None:
    dock.opener.use_layers()
    assert "Open a folder" in dock.foot.status.text()


def test_the_primary_button_stays_in_sight(opened, viewer) -> None:
    for i in range(8):
        opened.session.add_landmark(f"landmark {i}")
    gui.settle()
    assert viewer.window._qt_window.height() <= 900
    primary = opened.actions_bar.primary
    bottom = primary.mapTo(opened, primary.rect().bottomLeft()).y()
    assert bottom < opened.height()
    assert 320 <= opened.minimumSizeHint().width() <= 420


def test_no_step_holds_the_window(viewer, engine, pictures, monkeypatch) -> None:
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
    gui.wait_idle(dock)
    gui.name_landmark(dock, "carina")
    gui.click(viewer, (60, 50))
    gui.until(lambda: len(dock.session.points) == 6)
    gui.wait_idle(dock)
    spent.clear()
    for _ in range(4):
        start = time.thread_time()
        dock.session.step(1)
        spent["step"] = max(spent.get("step", 0.0), time.thread_time() - start)
        gui.wait_idle(dock)
        dock._on_placed("carina", (50.0, 40.0))
        gui.wait_idle(dock)
    dock.close_task()
    assert max(spent.values()) < 0.05, spent
