"""What is chosen before a training starts, in a real window."""

from __future__ import annotations

import sys
from pathlib import Path

import gui
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

sys.path.insert(0, str(Path(__file__).parent))
from fake_training import click, open_dock, state_of

pytestmark = pytest.mark.gui


@pytest.fixture
def dock(viewer, training):
    return open_dock(viewer, training)


def test_without_images_it_teaches_and_offers_a_folder(dock) -> None:
    assert dock.empty.isVisible()
    assert not dock.setup.isVisible()
    assert dock.primary.text() == "Open a folder…"
    assert not dock.runs.isVisible()


def test_a_folder_is_all_that_is_needed(dock, pictures) -> None:
    dock.open_folder(pictures)
    gui.until(lambda: "About 8 min" in dock.setup.outlook.text())
    assert dock.head.images.words == "chest · 6"
    assert dock.head.device.words == "CPU · 8 GB"
    assert dock.primary.text().startswith("Start")
    assert "Ctrl+Enter" in dock.primary.text()
    assert dock.primary.isEnabled()


def test_files_that_cannot_be_read_are_named(dock, pictures) -> None:
    (pictures / "broken.png").write_bytes(b"not a picture")
    dock.open_folder(pictures)
    gui.until(lambda: dock.training.images is not None)
    (pictures / "empty").mkdir()
    dock.open_folder(pictures / "empty")
    gui.until(
        lambda: "No image" in dock.foot.status.text() or "no image" in dock.foot.status.text()
    )
    assert dock.training.images.count >= 6


def test_what_is_not_set_stays_unset(dock, training, pictures) -> None:
    dock.open_folder(pictures)
    gui.until(lambda: bool(training.asked))
    assert training.asked[-1] == {"recipe": "ld", "preset": "quick", "device": "auto", "ndim": 2}
    click(dock.setup.advanced.button)
    form = dock.setup.form
    assert "points or patches" in form.editor("form").toolTip()
    form.editor("steps").setValue(40)
    form.editor("upright").setCurrentText("no")
    form.editor("upright").activated.emit(1)
    gui.until(lambda: training.asked[-1].get("steps") == 40)
    assert training.asked[-1]["upright"] is False
    assert "minutes" not in training.asked[-1]
    assert "seed" not in training.asked[-1]
    form.editor("steps").setValue(form.editor("steps").minimum())
    gui.until(lambda: "steps" not in training.asked[-1])


def test_three_methods_and_the_variants_of_one(dock, training, pictures) -> None:
    dock.open_folder(pictures)
    gui.until(lambda: bool(training.asked))
    setup = dock.setup
    assert [b.text().split()[-1] for b in setup.methods.buttons()] == ["LD", "DiRA", "DiRA"]
    click(setup.advanced.button)
    assert not setup.variants.isVisible()
    click(setup.methods.button(1))
    gui.until(lambda: training.asked[-1]["recipe"] == "dira-barlow")
    assert setup.variants.isVisible()
    assert setup.variant.currentText() == "Barlow Twins"
    assert "small cohorts" in setup.variant_words.text()
    setup.variant.setCurrentIndex(setup.variant.findText("MoCo"))
    setup.variant.activated.emit(setup.variant.currentIndex())
    gui.until(lambda: training.asked[-1]["recipe"] == "dira-moco")
    assert setup.methods.button(1).isChecked()
    assert setup.variant.currentText() == "MoCo"
    click(setup.methods.button(2))
    gui.until(lambda: training.asked[-1]["recipe"] == "ld+dira")
    assert not setup.variants.isVisible()


def test_a_method_shows_and_asks_for_its_own_settings_only(dock, training, pictures) -> None:
    dock.open_folder(pictures)
    gui.until(lambda: bool(training.asked))
    click(dock.setup.advanced.button)
    form = dock.setup.form.editor("form")
    form.setCurrentText("grid")
    form.activated.emit(form.currentIndex())
    gui.until(lambda: training.asked[-1].get("form") == "grid")
    click(dock.setup.methods.button(1))
    gui.until(lambda: training.asked[-1]["recipe"] == "dira-barlow")
    assert "form" not in training.asked[-1]
    assert not form.isVisible()
    click(dock.setup.methods.button(0))
    gui.until(lambda: training.asked[-1]["recipe"] == "ld")
    assert training.asked[-1]["form"] == "grid"
    assert form.isVisible()


def test_ctrl_enter_starts_in_the_dock_and_in_the_image(dock, training, viewer, pictures) -> None:
    dock.open_folder(pictures)
    gui.until(lambda: dock.training.can_start)
    gui.press(viewer, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    gui.until(lambda: state_of(dock) == "running")
    assert len(training.created) == 1
    dock.training.leave()
    dock.setup.effort.setFocus()
    QTest.keyClick(dock.setup.effort, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    gui.until(lambda: len(training.created) == 2)


def test_the_cohort_of_the_landmarks_dock_can_be_learned_from(
    dock, viewer, engine, pictures
) -> None:
    landmarks = gui.open_dock(viewer, engine)
    landmarks.open_folder(pictures)
    gui.wait_idle(landmarks)
    actions = dock.head.images.menu().actions()
    own = next(a for a in actions if "open here" in a.text())
    own.trigger()
    gui.until(lambda: dock.training.images is not None)
    assert dock.training.images.where == pictures
