"""The Pretraining dock in a real window, with runs that a test writes by hand."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import gui
import numpy as np
import pytest
from qtpy.QtCore import Qt, QTimer
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QFileDialog, QMessageBox

sys.path.insert(0, str(Path(__file__).parent))
from fake_training import FakeRun, click, open_dock, state_of

from napari_medssl.training.follower import RunFollower
from napari_medssl.widgets.pretraining import run_page
from napari_medssl.widgets.pretraining.curves import CurvesPanel

pytestmark = pytest.mark.gui
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def make_run():
    made: list[FakeRun] = []

    def make(key: str, /, **values) -> FakeRun:
        made.append(FakeRun(key, **values))
        return made[-1]

    yield make
    for run in made:
        run.kill()


@pytest.fixture
def dock(viewer, training):
    return open_dock(viewer, training)


@pytest.fixture
def running(viewer, training, make_run):
    """A dock that found a run at work when it was opened."""
    run = make_run("one", name="chest").begin()
    dock = open_dock(viewer, training)
    gui.until(lambda: state_of(dock) == "running")
    return dock, run


def unfold(dock) -> None:
    """Open the list of runs."""
    if not dock.runs.button.isChecked():
        click(dock.runs.button)


def answer(words: str) -> list[str]:
    """Click a button of the next question; give what was asked, once it was."""
    asked: list[str] = []
    timer = QTimer(QApplication.instance())

    def look() -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            timer.stop()
            asked.append(box.text())
            button = next(b for b in box.buttons() if b.text().replace("&", "") == words)
            QTest.mouseClick(button, LEFT)

    timer.timeout.connect(look)
    timer.start(20)
    return asked


# --- a run at work


def test_a_started_run_is_followed_with_curves_and_numbers(dock, training, pictures) -> None:
    dock.open_folder(pictures)
    gui.until(lambda: dock.training.can_start)
    click(dock.primary)
    gui.until(lambda: state_of(dock) == "running")
    run = training.created[0]
    for step in range(1, 30):
        run.metric(step, 4.0 / step)
    gui.until(lambda: len(dock.run_page.curves.shown().get("loss", [[]])[0]) == 29)
    shown = dock.run_page.curves.shown()
    assert set(shown) == {"loss", "dense_discrimination"}
    np.testing.assert_allclose(10 ** shown["loss"][1][-1], 4.0 / 29)
    click(dock.run_page.curves.log)
    np.testing.assert_allclose(dock.run_page.curves.shown()["loss"][1][-1], 4.0 / 29)
    names = dock.run_page.curves.names
    assert "spread" not in names.text()
    names.linkActivated.emit("+")
    names.linkActivated.emit("spread")
    assert "spread" in dock.run_page.curves.shown()
    words = dock.run_page.numbers.text()
    assert words == "step 29 of 100 · 9.1 images/s · 4 min left · memory 1.2 GB"
    assert dock.run_page.name.toolTip() == "chest · LD quick"


def test_nothing_is_drawn_where_nothing_changed(running, monkeypatch) -> None:
    dock, run = running
    run.metric(1)
    gui.until(lambda: "loss" in dock.run_page.curves.shown())
    drawn: list[int] = []
    monkeypatch.setattr(CurvesPanel, "show_curves", lambda *_: drawn.append(1))
    looks: list[int] = []
    plain = RunFollower.look

    def look(self):
        looks.append(1)
        return plain(self)

    monkeypatch.setattr(RunFollower, "look", look)
    gui.until(lambda: len(looks) >= 4)
    assert drawn == []
    run.metric(2)
    gui.until(lambda: drawn == [1])


def test_pause_and_go_on(running) -> None:
    dock, run = running
    click(dock.run_page.pause)
    gui.until(lambda: run.folder.asked("pause"))
    assert dock.run_page.state.text() == "Pausing…"
    run.folder.state("paused", step=3)
    gui.until(lambda: dock.run_page.state.text() == "Paused")
    assert dock.primary.text().startswith("Resume")
    click(dock.primary)
    gui.until(lambda: not run.folder.asked("pause"))
    run.folder.state("running", step=3)
    gui.until(lambda: dock.run_page.state.text() == "Learning")
    assert not dock.primary.isVisible()


def test_stop_says_stopping_then_stopped_and_kill_comes_after_a_while(running, monkeypatch) -> None:
    dock, run = running
    monkeypatch.setattr(run_page, "GRACE_S", 0.5)
    click(dock.run_page.stop)
    assert dock.run_page.stop.text() == "Stopping…"
    assert not dock.run_page.stop.isEnabled()
    assert not dock.run_page.kill.isVisible()
    gui.until(lambda: run.folder.asked("stop"))
    gui.until(dock.run_page.kill.isVisible)
    run.end("stopped")
    gui.until(lambda: dock.run_page.state.text() == "Stopped")
    assert not dock.run_page.kill.isVisible()
    assert dock.primary.text().startswith("Resume")
    assert "Resume goes on from there" in dock.foot.status.text()


def test_kill_ends_what_does_not_obey(running, monkeypatch) -> None:
    dock, run = running
    monkeypatch.setattr(run_page, "GRACE_S", 0.2)
    click(dock.run_page.stop)
    gui.until(dock.run_page.kill.isVisible)
    click(dock.run_page.kill)
    gui.until(lambda: run.process.poll() is not None)
    gui.until(lambda: state_of(dock) == "lost")
    assert dock.primary.text().startswith("Resume")


def test_the_log_shows_its_tail(running) -> None:
    dock, run = running
    for number in range(300):
        run.folder.event("log", level="note", message=f"note {number}")
    click(dock.run_page.log.button)
    gui.until(lambda: "note 299" in dock.run_page.text.toPlainText())
    assert "note 5\n" not in dock.run_page.text.toPlainText()


# --- what can happen to a run


def test_a_run_killed_for_memory_offers_to_resume(running, viewer) -> None:
    dock, run = running
    (run.path / "stderr.log").write_text("Killed\n")
    run.kill()
    gui.until(lambda: state_of(dock) == "lost")
    assert dock.run_page.state.text() == "Interrupted"
    assert "ran out of memory" in dock.foot.status.text()
    assert dock.foot.status.property("kind") == "error"
    assert dock.primary.text().startswith("Resume")
    viewer.add_image(np.zeros((4, 4)), name="mine")
    assert "mine" in viewer.layers


@pytest.mark.parametrize("nonsense", ["{", "[1, 2]", '{"format": 99}', ""])
def test_a_request_edited_into_nonsense_is_told_and_the_window_lives(
    viewer, training, make_run, nonsense
) -> None:
    run = make_run("one", state="stopped")
    (run.path / "job.json").write_text(nonsense)
    dock = open_dock(viewer, training)
    gui.until(lambda: bool(dock.training.known.runs))
    unfold(dock)
    item = dock.runs.tree.topLevelItem(0)
    dock.runs.tree.itemClicked.emit(item, 0)
    gui.until(lambda: dock.training.snapshot is not None)
    assert dock.run_page.isVisible()
    if nonsense.startswith('{"'):
        return
    gui.until(lambda: state_of(dock) == "failed")
    assert "Put job.json back" in dock.foot.status.text()
    assert item.text(1) == "Failed"


def test_a_run_folder_that_vanishes_is_told(running) -> None:
    import shutil

    dock, run = running
    run.kill()
    shutil.rmtree(run.path)
    gui.until(lambda: "folder of this run is gone" in dock.foot.status.text())
    assert not dock.primary.isVisible()
    dock.training.known.refresh()
    gui.until(lambda: not dock.training.known.runs)
    dock.head.run.menu().actions()[0].trigger()
    gui.settle()
    assert dock.empty.isVisible()


def test_two_viewers_follow_one_run(running, own_viewer, training) -> None:
    dock, run = running
    other = open_dock(own_viewer, training)
    gui.until(lambda: state_of(other) == "running")
    run.metric(7)
    gui.until(lambda: "step 7" in dock.run_page.numbers.text())
    gui.until(lambda: "step 7" in other.run_page.numbers.text())
    click(other.run_page.stop)
    run.end("stopped")
    gui.until(lambda: state_of(dock) == state_of(other) == "stopped")
    other.close_task()


# --- the end


def test_the_model_goes_to_the_landmarks_dock_that_is_open(running, viewer, engine) -> None:
    dock, run = running
    landmarks = gui.open_dock(viewer, engine)
    window = dock.window()
    gui.until(lambda: dock.parent() in window.tabifiedDockWidgets(landmarks.parent()))
    dock.parent().raise_()
    run.end("done")
    gui.until(lambda: state_of(dock) == "done")
    assert dock.primary.text().startswith("Use this model")
    click(dock.primary)
    assert landmarks.session.model == run.path / "model"


def test_the_model_waits_for_the_landmarks_dock(running, viewer, engine) -> None:
    dock, run = running
    run.end("done")
    gui.until(lambda: state_of(dock) == "done")
    click(dock.primary)
    assert gui.open_dock(viewer, engine).session.model == run.path / "model"


@pytest.mark.parametrize(
    ("words", "closed", "ends"),
    [
        ("Keep running", True, False),
        ("Stop after saving", True, False),
        ("Kill", True, True),
        ("Do not close", False, False),
    ],
)
def test_closing_the_window_asks_once(own_viewer, training, make_run, words, closed, ends) -> None:
    run = make_run("one", name="chest").begin()
    dock = open_dock(own_viewer, training)
    gui.until(lambda: state_of(dock) == "running")
    window = dock.window()
    asked = answer(words)
    start = time.monotonic()
    window.close(quit_app=False, confirm_need=True)
    assert time.monotonic() - start < 10
    assert len(asked) == 1
    assert "chest · LD quick" in asked[0]
    assert window.isVisible() != closed
    if closed:
        type(own_viewer)._instances.discard(own_viewer)
    if words == "Stop after saving":
        gui.until(lambda: run.folder.asked("stop"))
    if ends:
        gui.until(lambda: run.process.poll() is not None)
    else:
        assert run.process.poll() is None
    if not closed:
        assert dock.threads.follow is not None
        run.end("stopped")
        gui.until(lambda: state_of(dock) == "stopped")


def test_a_run_that_is_not_looked_at_is_asked_about_too(own_viewer, training, make_run) -> None:
    run = make_run("one", name="chest").begin()
    dock = open_dock(own_viewer, training)
    gui.until(lambda: state_of(dock) == "running")
    dock.training.leave()
    asked = answer("Stop after saving")
    dock.window().close(quit_app=False, confirm_need=True)
    type(own_viewer)._instances.discard(own_viewer)
    assert "chest · LD quick" in asked[0]
    gui.until(lambda: run.folder.asked("stop"))


def test_a_run_without_previews_shows_none_of_another(running, viewer, make_run) -> None:
    dock, run = running
    run.preview(5)
    gui.until(lambda: len(viewer.layers) == 3)
    dock.training.attach(make_run("two", state="stopped").path)
    gui.until(lambda: not len(viewer.layers))


def test_a_run_of_the_command_line_is_followed(dock, make_run, tmp_path, monkeypatch) -> None:
    """It may lie anywhere."""
    run = make_run("elsewhere")
    run.path.rename(tmp_path / "out")
    for chosen in (tmp_path, tmp_path / "out"):
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, c=chosen: str(c))
        dock.head.run_wanted.emit()
        gui.settle()
        assert (dock.training.run == chosen) == (chosen.name == "out")
        if dock.training.run is None:
            assert "no run in this folder" in dock.foot.status.text()
    gui.until(lambda: dock.training.snapshot is not None)


def test_a_script_that_closes_the_viewer_is_not_asked(own_viewer, training, make_run) -> None:
    run = make_run("one").begin()
    dock = open_dock(own_viewer, training)
    gui.until(lambda: state_of(dock) == "running")
    start = time.monotonic(), time.thread_time()
    own_viewer.close()
    assert time.thread_time() - start[1] < 2
    assert time.monotonic() - start[0] < 10  # a shared machine; 2 s on an idle one
    assert run.process.poll() is None


# --- runs


def test_runs_are_compared_and_deleted_with_a_question(viewer, training, make_run) -> None:
    for number in range(3):
        run = make_run(f"run-{number}", name=f"study {number}", created=float(number))
        run.folder.state("running", step=0)
        run.metric(1, 3.0)
        run.metric(2, 2.0 + number)
        run.folder.state("stopped")
    dock = open_dock(viewer, training)
    gui.until(lambda: len(dock.training.known.runs) == 3)
    unfold(dock)
    tree = dock.runs.tree
    rows = [(tree.topLevelItem(i).text(0), tree.topLevelItem(i).text(1)) for i in range(3)]
    assert rows[0] == ("study 2 · LD quick", "Stopped")
    QTest.mouseClick(tree.viewport(), LEFT, pos=tree.visualItemRect(tree.topLevelItem(0)).center())
    gui.until(lambda: dock.training.snapshot is not None)
    tree.topLevelItem(1).setCheckState(0, Qt.CheckState.Checked)
    gui.until(lambda: "run:study 1 · LD quick" in dock.run_page.curves.shown())
    assert len(dock.run_page.curves.shown()["run:study 1 · LD quick"][0]) == 2
    tree.topLevelItem(1).setCheckState(0, Qt.CheckState.Unchecked)
    gui.until(lambda: "run:study 1 · LD quick" not in dock.run_page.curves.shown())
    path = dock.training.run
    asked = answer("Keep")
    click(dock.runs.delete)
    assert asked
    assert path.is_dir()
    asked = answer("Delete")
    click(dock.runs.delete)
    gui.until(lambda: not path.exists())
    gui.until(lambda: len(dock.training.known.runs) == 2)
    assert dock.training.run is None


def test_a_run_at_work_cannot_be_deleted(running) -> None:
    dock, _ = running
    unfold(dock)
    assert not dock.runs.delete.isEnabled()


def test_no_step_holds_the_window(viewer, training, make_run, monkeypatch) -> None:
    """Nothing of ours takes the window's thread for 50 ms while a run tells news."""
    from napari_medssl.widgets.pretraining.dock import PretrainingWidget
    from napari_medssl.worker import Worker

    spent: dict[str, float] = {}

    def timed(owner: type, name: str) -> None:
        plain = getattr(owner, name)

        def call(*args, **kwargs):
            start = time.thread_time()
            try:
                return plain(*args, **kwargs)
            finally:
                spent[name] = max(spent.get(name, 0.0), time.thread_time() - start)

        monkeypatch.setattr(owner, name, call)

    timed(Worker, "_deliver")
    timed(PretrainingWidget, "_refresh_snapshot")
    timed(PretrainingWidget, "_look")
    run = make_run("one").begin()
    dock = open_dock(viewer, training)
    gui.until(lambda: state_of(dock) == "running")
    for step in range(2000):
        run.metric(step, 2.0)
    gui.until(lambda: "step 1,999" in dock.run_page.numbers.text())
    spent.clear()
    for step in range(2000, 2004):
        run.metric(step, 2.0)
        gui.until(lambda: f"{step:,}" in dock.run_page.numbers.text())  # noqa: B023
    assert max(spent.values()) < 0.05, spent
