"""The Cohort dock in a real window, with real mouse and key events, beside the Landmarks dock."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

sys.path.insert(0, str(Path(__file__).parent))
import gui
from conftest import write_pictures
from test_cohort_state import predict, sources

from medssl.cohort import Cohort
from napari_medssl.places import is_cohort
from napari_medssl.shared import shared_state
from napari_medssl.widgets.cohort.dock import CohortWidget

pytestmark = pytest.mark.gui
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def dock(viewer: Any) -> Any:
    made = CohortWidget(viewer)
    viewer.window.add_dock_widget(made, name="Cohort", area="right")
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
    predict(dock.browser.path)
    dock.browser.reload()
    wait(dock)
    return dock


def tile(dock: Any, name: str) -> QPoint:
    model = dock.model
    row = [case.name for case in model.cases].index(name)
    return dock.views.gallery.visualRect(model.index(row, 0)).center()


def choose(dock: Any, name: str) -> None:
    viewport = dock.views.gallery.viewport()
    QTest.mouseClick(
        viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, tile(dock, name)
    )
    wait(dock)


def layer_names(viewer: Any) -> list[str]:
    return [layer.name for layer in viewer.layers]


def test_nothing_open_teaches_and_leads_on(dock) -> None:
    assert dock.empty.isVisibleTo(dock)
    assert not dock.body.isVisibleTo(dock)
    assert dock.actions_bar.primary.text() == "Open a cohort or a folder…"
    assert dock.actions_bar.primary.isEnabled()


def test_an_empty_cohort_asks_for_images(dock, tmp_path) -> None:
    Cohort.create(tmp_path / "new").close()
    dock.open_cohort(tmp_path / "new.medssl")
    wait(dock)
    assert dock.empty.isVisibleTo(dock)
    assert dock.actions_bar.primary.text() == "Import images…"


def test_a_click_on_a_thumbnail_opens_the_case(opened, viewer) -> None:
    choose(opened, "film_03.png")
    gui.until(lambda: opened.browser.image is not None)
    gui.settle()
    assert "film_03.png" in layer_names(viewer)
    assert opened.panel.name.toolTip().startswith("film_03.png")
    assert len(opened.stage.canvas.points_layer.data) == 1
    drawn = opened.pixmaps.get("film_03.png")
    assert drawn.pixmap is not None
    assert drawn.marks[0].source == "predicted"
    assert drawn.marks[0].x == pytest.approx(50.5 / 100)


def test_keys_review_case_after_case(opened, viewer) -> None:
    opened.browser.set_usefulness("least sure")
    gui.press(viewer, Qt.Key.Key_N, SHIFT)
    for key in (Qt.Key.Key_G, Qt.Key.Key_X, Qt.Key.Key_S):
        gui.until(lambda: opened.browser.waits)
        gui.press(viewer, key, SHIFT)
        wait(opened)
    said = sources(opened.browser)
    assert said["film_02.png"][0] == "manual"
    assert "film_04.png" not in said
    assert said["film_03.png"][0] == "predicted"
    assert opened.browser.key == "film_01.png"
    assert opened.panel.progress.text() == "2 of 6 reviewed · 2 wait · 2 to do"
    gui.press(viewer, Qt.Key.Key_U)
    wait(opened)
    assert sources(opened.browser)["film_04.png"][0] == "predicted"
    assert opened.foot.status.text() == "Undone: reject 1 prediction in film_04.png"


def test_correcting_by_a_click_in_the_image(opened, viewer) -> None:
    choose(opened, "film_02.png")
    gui.until(lambda: opened.browser.image is not None)
    gui.press(viewer, Qt.Key.Key_Q, SHIFT)
    assert opened.stage.canvas.armed
    gui.click(viewer, (70, 40))
    gui.until(lambda: sources(opened.browser)["film_02.png"][0] == "corrected")
    wait(opened)
    assert opened.panel.state.text() == "✓  reviewed"


def test_the_table_sorts_by_its_titles_and_shows_the_same_case(opened) -> None:
    choose(opened, "film_01.png")
    QTest.mouseClick(opened.filters.table, Qt.MouseButton.LeftButton)
    table = opened.views.table
    assert table.isVisibleTo(opened)
    assert table.currentIndex().data() == "film_01.png"
    header = table.horizontalHeader()
    where = QPoint(header.sectionViewportPosition(0) + 20, header.height() // 2)
    for expected in ("film_01.png", "film_06.png"):
        QTest.mouseClick(
            header.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, where
        )
        gui.settle()
        assert opened.model.index(0, 0).data() == expected
    assert table.currentIndex().data() == "film_01.png"


def test_typing_filters(opened) -> None:
    QTest.keyClicks(opened.filters.text, "film_05")
    assert [case.name for case in opened.model.cases] == ["film_05.png"]
    opened.filters.text.clear()
    opened.filters.state.setCurrentIndex(opened.filters.state.findData("predicted"))
    assert len(opened.model.cases) == 4


def test_both_docks_show_the_same_cohort_and_case(opened, viewer, engine) -> None:
    choose(opened, "film_03.png")
    landmarks = gui.open_dock(viewer, engine)
    gui.wait_idle(landmarks)
    session = landmarks.session
    assert session.where == opened.browser.where
    assert session.case.key == "film_03.png"
    assert opened.stage.canvas is None
    assert layer_names(viewer).count("film_03.png") == 1
    session.step(1)
    wait(opened)
    assert opened.browser.key == "film_04.png"
    choose(opened, "film_02.png")
    gui.wait_idle(landmarks)
    assert session.case.key == "film_02.png"
    gui.until(lambda: opened.browser.waits)
    opened.browser.accept()
    wait(opened)
    gui.wait_idle(landmarks)
    assert session.points["film_02.png", "carina"].source == "manual"
    assert opened.browser.key == session.case.key == "film_04.png"
    session.place((70.0, 40.0), "carina")
    gui.wait_idle(landmarks)
    wait(opened)
    assert opened.browser.counts()["reviewed"] == 2
    opened.browser.correct()
    assert landmarks.canvas.armed
    landmarks.close_task()
    gui.until(lambda: opened.browser.image is not None)
    assert opened.stage.canvas is not None
    assert shared_state(viewer).images == opened.browser.where


def test_what_the_landmarks_dock_opens_is_opened_here(dock, viewer, engine, pictures) -> None:
    landmarks = gui.open_dock(viewer, engine)
    landmarks.open_folder(pictures)
    gui.wait_idle(landmarks)
    gui.until(lambda: len(dock.browser.cases) == 6)
    wait(dock)
    assert dock.browser.key == landmarks.session.case.key
    assert not is_cohort(dock.browser.where)


def test_initials_are_the_same_in_both_docks_and_kept(opened, viewer, engine) -> None:
    landmarks = gui.open_dock(viewer, engine)
    gui.wait_idle(landmarks)
    line = opened.options.initials.line
    opened.options.button.click()
    QTest.keyClicks(line, "AB")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert landmarks.options.initials.line.text() == "AB"
    landmarks.session.add_landmark("apex")
    landmarks.session.place((30.0, 30.0))
    gui.wait_idle(landmarks)
    with Cohort.open(opened.browser.path) as cohort:
        assert [p.author for p in cohort.points(landmark="apex", kind="human")] == ["AB"]
    assert type(opened._shared)().initials == "AB"


def test_the_docks_leave_room_for_their_buttons(opened, viewer, engine) -> None:
    landmarks = gui.open_dock(viewer, engine)
    gui.wait_idle(landmarks)
    assert opened.minimumSizeHint().height() < 700
    assert landmarks.minimumSizeHint().height() < 700


def test_looking_again_does_not_scroll_away(dock, tmp_path) -> None:
    dock.open_cohort(write_pictures(tmp_path / "many", 48, (30, 20)))
    gui.until(lambda: len(dock.browser.cases) == 48)
    wait(dock)
    bar = dock.views.gallery.verticalScrollBar()
    bar.setValue(bar.maximum())
    there = bar.value()
    assert there > 0
    with Cohort.open(dock.browser.path) as cohort:
        cohort.add_case("new.png", tmp_path / "new.png", "new", cohort.cases()[0].grid)
    dock.browser.reload()
    wait(dock)
    assert len(dock.model.cases) == 49
    assert bar.value() == there


def test_closing_takes_our_layers_away(opened, viewer) -> None:
    choose(opened, "film_03.png")
    gui.until(lambda: opened.browser.image is not None)
    gui.settle()
    opened.close_task()
    assert layer_names(viewer) == []
    assert shared_state(viewer).images is None
