"""However the dock is closed, the last click is kept and no layer or thread of ours stays."""

from __future__ import annotations

import gui
import numpy as np
import pytest

from medssl.cohort import Cohort

pytestmark = pytest.mark.gui


def click_while_preparing(dock, viewer, engine, pictures) -> None:
    engine.gate.clear()
    dock.open_folder(pictures)
    gui.until(lambda: dock.session.image is not None)
    gui.name_landmark(dock, "carina")
    gui.click(viewer, (60, 50))
    gui.until(lambda: bool(dock.session.points))


def kept(pictures) -> list[str]:
    with Cohort.open(pictures.parent / "chest.medssl") as cohort:
        return [point.source for point in cohort.points()]


def test_the_cross_of_the_dock_ends_the_task(dock, viewer, engine, pictures) -> None:
    viewer.add_image(np.zeros((120, 100)), name="mine")
    click_while_preparing(dock, viewer, engine, pictures)
    dock.parent().destroyOnClose()
    assert [layer.name for layer in viewer.layers] == ["mine"]
    assert kept(pictures) == ["manual"]


def test_closing_the_window_with_work_running_keeps_the_click(own_viewer, engine, pictures) -> None:
    viewer = own_viewer
    dock = gui.open_dock(viewer, engine)
    threads = dock.threads
    click_while_preparing(dock, viewer, engine, pictures)
    assert threads.work.busy
    del dock
    viewer.close()
    gui.until(lambda: threads.ended)
    assert kept(pictures) == ["manual"]


def test_leaving_the_program_keeps_the_click(dock, viewer, engine, pictures, qapp) -> None:
    click_while_preparing(dock, viewer, engine, pictures)
    qapp.aboutToQuit.emit()
    assert dock.threads.ended
    assert kept(pictures) == ["manual"]
