"""The Lesion maps dock in a real window, with real mouse and key events."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QHideEvent, QShowEvent

sys.path.insert(0, str(Path(__file__).parent))
import gui
from fake_lesions import FakeMaps, pretend_fit

from medssl.cohort import Cohort
from napari_medssl.shared import shared_state
from napari_medssl.widgets.cohort.dock import CohortWidget
from napari_medssl.widgets.lesions.dock import LesionsWidget

pytestmark = pytest.mark.gui


@pytest.fixture
def viewer(viewer: Any) -> Iterator[Any]:
    """The window; software OpenGL must not paint layers of a person while the dock goes away."""
    yield viewer
    for layer in viewer.layers:
        layer.visible = False
    gui.settle()


@pytest.fixture
def maps() -> FakeMaps:
    return FakeMaps()


@pytest.fixture
def dock(viewer: Any, maps: FakeMaps) -> Any:
    made = LesionsWidget(viewer, maps)
    viewer.window.add_dock_widget(made, name="Lesion maps", area="right")
    gui.until(made.isVisible)
    gui.settle()
    return made


def wait(dock: Any) -> None:
    gui.until(lambda: not dock.threads.busy and not dock.sharing.later.isActive())
    gui.settle()


@pytest.fixture
def opened(dock: Any, pictures: Path) -> Any:
    dock.open_cohort(pictures)
    wait(dock)
    gui.until(lambda: dock.lesions.image is not None)
    wait(dock)
    return dock


@pytest.fixture
def learned(opened: Any, tmp_path: Path) -> Any:
    """A cohort that something has learned from."""
    pretend_fit(opened.lesions.path, tmp_path / "run")
    opened.lesions.reload()
    gui.until(lambda: opened.lesions.regions)
    wait(opened)
    return opened


def said(dock: Any) -> dict[str, str]:
    with Cohort.open(dock.lesions.path) as cohort:
        return {one.case_key: one.value for one in cohort.labels(name="label")}


def names(viewer: Any) -> list[str]:
    return [layer.name for layer in viewer.layers]


def test_nothing_open_teaches_and_leads_on(dock) -> None:
    assert dock.empty.isVisibleTo(dock)
    assert not dock.body.isVisibleTo(dock)
    assert dock.actions_bar.primary.text() == "Open a cohort or a folder…"
    assert "Automatic" in dock.head.device.text()
    dock.lesions.set_device("cpu")
    assert "CPU" in dock.head.device.text()


def test_digits_label_whichever_layer_is_active(opened, viewer) -> None:
    points = viewer.add_points(np.zeros((1, 2)))
    labels = viewer.add_labels(np.zeros((8, 8), int))
    for layer, key, value in (
        (points, Qt.Key.Key_2, "abnormal"),
        (labels, Qt.Key.Key_1, "normal"),
        (None, Qt.Key.Key_2, "abnormal"),
    ):
        before = None if layer is None else str(layer.mode)
        viewer.layers.selection.active = layer
        gui.press(viewer, key)
        wait(opened)
        assert said(opened) == {"film_01.png": value}
        assert layer is None or str(layer.mode) == before
    gui.press(viewer, Qt.Key.Key_0)
    wait(opened)
    assert said(opened) == {}
    gui.press(viewer, Qt.Key.Key_U)
    wait(opened)
    assert said(opened) == {"film_01.png": "abnormal"}


def test_napari_has_its_digits_back_behind_another_dock(opened, viewer) -> None:
    points = viewer.add_points(np.zeros((1, 2)))
    viewer.layers.selection.active = points
    opened.hideEvent(QHideEvent())
    gui.press(viewer, Qt.Key.Key_2)
    assert str(points.mode) == "add"
    assert said(opened) == {}
    opened.showEvent(QShowEvent())
    gui.press(viewer, Qt.Key.Key_1)
    wait(opened)
    assert said(opened) == {"film_01.png": "normal"}
    assert str(points.mode) == "add"
    points.mode = "pan_zoom"
    points.visible = False
    gui.settle()


def test_digits_label_in_the_gallery_of_the_cohort_dock(opened, viewer) -> None:
    gallery = CohortWidget(viewer)
    viewer.window.add_dock_widget(gallery, name="Cohort", area="right")
    gui.until(gallery.isVisible)
    gui.until(lambda: len(gallery.browser.cases) == 6)
    wait(gallery)
    opened.hideEvent(QHideEvent())
    gallery.browser.go_to("film_03.png")
    wait(opened)
    assert opened.lesions.key == "film_03.png"
    gui.press(viewer, Qt.Key.Key_2)
    wait(opened)
    wait(gallery)
    assert said(opened) == {"film_03.png": "abnormal"}
    assert gallery.browser.case.labels == {"label": "abnormal"}
    assert names(viewer).count("film_03.png") == 1
    gallery.close_task()


def test_too_few_labels_say_what_is_missing(opened, viewer) -> None:
    assert not opened.actions_bar.primary.isEnabled()
    assert "2 more normal and 2 more abnormal" in opened.teach.text()
    gui.press(viewer, Qt.Key.Key_1)
    wait(opened)
    assert "1 more normal and 2 more abnormal" in opened.teach.text()
    assert opened.labels.counts.text() == "1 normal labelled · 5 of 6 without a label"


def test_next_is_spread_before_a_fit_and_the_most_unsure_after(opened, viewer, tmp_path) -> None:
    gui.press(viewer, Qt.Key.Key_1)
    wait(opened)
    gui.press(viewer, Qt.Key.Key_N)
    wait(opened)
    assert opened.lesions.key == "film_06.png"
    pretend_fit(opened.lesions.path, tmp_path / "run", {"film_04.png": 0.52})
    opened.lesions.reload()
    wait(opened)
    gui.press(viewer, Qt.Key.Key_N)
    wait(opened)
    assert opened.lesions.key == "film_04.png"


def test_the_map_lies_over_the_image_and_regions_are_told(learned, viewer) -> None:
    layer, regions = learned.layers.map, learned.layers.regions
    assert layer.name == "film_01.png · lesion map"
    assert viewer.layers.index(layer) > names(viewer).index("film_01.png")
    assert np.allclose(layer.extent.world, viewer.layers["film_01.png"].extent.world)
    assert learned.results.score.text() == "abnormal 0.90 (calibrated)"
    assert "0.80 to 0.95" in learned.results.range.text()
    assert learned.results.table.topLevelItemCount() == 2
    assert regions.data.max() == 2
    assert len(learned.layers.boxes.data) == 2
    item = learned.results.table.topLevelItem(0)
    assert [item.text(n) for n in (0, 2, 3)] == ["1", "0.90", "upper left"]
    learned.results.table.setCurrentItem(learned.results.table.topLevelItem(1))
    assert viewer.scene.camera.center[-2:] == pytest.approx((90.0, 70.0), abs=1)


def test_a_threshold_changes_the_regions_and_the_layer(learned) -> None:
    before = int((learned.layers.regions.data > 0).sum())
    learned.results.threshold.setValue(95)
    gui.until(lambda: len(learned.lesions.regions) == 1)
    wait(learned)
    assert int((learned.layers.regions.data > 0).sum()) < before
    assert learned.layers.map.contrast_limits[0] == pytest.approx(0.95 * 0.9, abs=0.01)
    assert not learned.results.auto.isChecked()
    learned.results.opacity.setValue(30)
    assert learned.layers.map.opacity == pytest.approx(0.3)


def test_another_case_has_its_own_map_and_late_ones_are_dropped(learned, maps) -> None:
    maps.gate.clear()
    learned.lesions.go_to("film_02.png")
    gui.until(lambda: learned.lesions.mapping)
    learned.lesions.go_to("film_03.png")
    gui.until(lambda: learned.lesions.detail is not None)
    gui.settle()
    maps.gate.set()
    gui.until(lambda: learned.lesions.found is not None)
    wait(learned)
    assert learned.lesions.found.key == "film_03.png"
    assert learned.layers.map.name == "film_03.png · lesion map"


def test_what_a_person_painted_stays(learned, viewer) -> None:
    painted = learned.layers.regions
    painted.data[:5, :5] = 7
    painted.refresh()
    learned.lesions.go_to("film_02.png")
    gui.until(lambda: learned.lesions.regions and learned.lesions.found.key == "film_02.png")
    wait(learned)
    assert painted in viewer.layers
    assert painted.name == "film_01.png · regions (yours)"
    assert painted.data[0, 0] == 7
    assert learned.layers.regions is not painted
    learned.close_task()
    gui.settle()
    assert names(viewer) == ["film_01.png · regions (yours)"]


def test_two_methods_side_by_side_and_back(learned, viewer) -> None:
    before = [(layer.name, layer.visible) for layer in viewer.layers]
    zoom, center = viewer.scene.camera.zoom, viewer.scene.camera.center
    gui.press(viewer, Qt.Key.Key_H)
    gui.until(lambda: learned.lesions.compared is not None)
    wait(learned)
    grid = viewer.canvas.grid
    assert grid.enabled
    assert viewer.scene.camera.zoom < 0.7 * zoom  # two images fit in place of one
    assert grid.actual_shape(viewer.layers) == (1, 2)
    places = {layer.name: grid.position(n, viewer.layers) for n, layer in enumerate(viewer.layers)}
    assert places["film_01.png"] == places["film_01.png · lesion map"]
    assert places["film_01.png · cam"] == places["film_01.png · the same image"]
    assert places["film_01.png · cam"] != places["film_01.png"]
    gui.press(viewer, Qt.Key.Key_H)
    gui.settle()
    assert not grid.enabled
    assert (viewer.scene.camera.zoom, viewer.scene.camera.center) == (zoom, center)
    assert before == [(layer.name, layer.visible) for layer in viewer.layers]


def test_closing_gives_everything_back(learned, viewer) -> None:
    learned.close_task()
    gui.settle()
    assert names(viewer) == []
    assert shared_state(viewer).images is None
