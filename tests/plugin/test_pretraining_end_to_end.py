"""A real run, from the Plugins menu to its resumption, with mouse events in a real window."""

from __future__ import annotations

import sys
from pathlib import Path

import gui
import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QMenu

sys.path.insert(0, str(Path(__file__).parent))
from fake_training import state_of

from medssl.phantom import write_cohort
from medssl.runs import kill_job, list_runs, read_events, read_status
from napari_medssl.widgets.pretraining.dock import PretrainingWidget

pytestmark = [pytest.mark.gui, pytest.mark.timeout(600)]
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    return write_cohort(tmp_path / "phantoms", 4, ndim=2, size=64).images


@pytest.fixture(autouse=True)
def _no_run_outlives_the_test():
    yield
    for run in list_runs():
        kill_job(run.path)


def click(widget) -> None:
    gui.until(lambda: widget.isVisible() and widget.isEnabled())
    QTest.mouseClick(widget, LEFT)
    gui.settle()


def open_from_menu(viewer) -> PretrainingWidget:
    """Open the Plugins menu with the mouse and click its entry.

    Qt takes no click in a menu that opens right under the pointer, until that has moved.
    """
    window = viewer.window._qt_window
    bar = window.menuBar()
    plugins = next(a for a in bar.actions() if a.text().replace("&", "") == "Plugins")
    QTest.mouseMove(bar, bar.actionGeometry(plugins).center())
    gui.settle()
    QTest.mouseClick(bar, LEFT, pos=bar.actionGeometry(plugins).center())
    menu: QMenu = plugins.menu()
    gui.until(menu.isVisible)
    entry, holder = find_entry(menu)
    if holder is not menu:
        inner = next(a for a in menu.actions() if a.menu() is holder)
        QTest.mouseClick(menu, LEFT, pos=menu.actionGeometry(inner).center())
        gui.until(holder.isVisible)
    place: QPoint = holder.actionGeometry(entry).center()
    QTest.mouseMove(holder, place)
    QTest.mouseClick(holder, LEFT, pos=place)
    gui.until(lambda: bool(window.findChildren(PretrainingWidget)))
    dock = window.findChildren(PretrainingWidget)[0]
    gui.until(dock.isVisible)
    return dock


def find_entry(menu: QMenu):
    for action in menu.actions():
        if action.text().startswith("Pretraining"):
            return action, menu
        if action.menu() is not None and "Medical" in action.text():
            return find_entry(action.menu())
    raise AssertionError([a.text() for a in menu.actions()])


def test_start_watch_stop_close_reopen_resume(viewer, cohort) -> None:
    dock = open_from_menu(viewer)
    dock.open_folder(cohort)
    gui.until(lambda: dock.training.images is not None and bool(dock.training.schemas[0]))
    click(dock.setup.advanced.button)
    form = dock.setup.form
    form.editor("steps").setValue(4000)
    form.editor("batch").setValue(2)
    form.editor("compile").setCurrentText("off")
    form.editor("compile").activated.emit(0)
    dock.setup.preview_form.editor("every_seconds").setValue(0.5)
    click(dock.primary)

    gui.until(lambda: state_of(dock) == "running")
    gui.until(lambda: "embedding" in dock.previews.layers)
    first = np.array(dock.previews.layers["embedding"].data)
    shown = dock.previews.layers
    gui.until(lambda: not np.array_equal(dock.previews.layers["embedding"].data, first), most_s=300)
    assert dock.previews.layers == shown
    gui.until(lambda: len(dock.run_page.curves.shown()["loss"][0]) > 1)
    run = dock.training.run
    assert run is not None

    click(dock.run_page.stop)
    assert dock.run_page.stop.text() == "Stopping…"
    gui.until(lambda: dock.run_page.state.text() == "Stopped")
    gui.until(lambda: read_status(run).pid is None)
    step = read_status(run).step
    viewer.window.remove_dock_widget("all")
    gui.settle()
    assert len(viewer.layers) == 0

    again = open_from_menu(viewer)
    gui.until(lambda: len(again.training.known.runs) == 1)
    assert again.runs.button.isChecked()
    tree = again.runs.tree
    assert tree.topLevelItem(0).text(1) == "Stopped"
    QTest.mouseClick(tree.viewport(), LEFT, pos=tree.visualItemRect(tree.topLevelItem(0)).center())
    gui.until(lambda: "embedding" in again.previews.layers)
    click(again.primary)
    gui.until(lambda: state_of(again) == "running")
    gui.until(lambda: read_status(run).step > step, most_s=300)
    steps = [e["step"] for e in read_events(run) if e["kind"] == "metric" and "loss" in e]
    assert steps == sorted(set(steps))
