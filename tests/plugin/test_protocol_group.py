"""The group "Protocol" of the Landmarks dock, in a real window."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "core" / "io"))
import gui
from dicom_files import make_slice

from medssl.protocols import open_protocol

pytestmark = pytest.mark.gui


@pytest.fixture
def opened(dock, viewer, tmp_path):
    for number in range(3):
        values = np.random.default_rng(number).integers(0, 3000, (120, 100))
        make_slice(
            tmp_path / "films" / f"film_{number}.dcm", values, Modality="DX",
            ImagePositionPatient=None, ImageOrientationPatient=None, PixelSpacing=[1, 1],
            ImagerPixelSpacing=[1, 1], SOPInstanceUID=f"1.2.3.{number}",
        )  # fmt: skip
    dock.open_folder(tmp_path / "films")
    gui.wait_idle(dock)
    for name, place in (("apex", (20, 30)), ("base", (100, 30))):
        gui.place(dock, viewer, name, place)
    return dock


def test_measure_save_and_copy(opened, tmp_path, monkeypatch) -> None:
    group = opened.protocol
    group.button.click()
    assert group.hint.isVisibleTo(opened)
    assert not group.apply.isEnabled()
    QTest.mouseClick(group.add, Qt.MouseButton.LeftButton)
    assert group.editor.isVisibleTo(opened)
    assert not group.editor.take.isEnabled()
    group.editor.places[0].setCurrentText("apex")
    group.editor.places[1].setCurrentText("base")
    QTest.keyClicks(group.editor.name, "height")
    QTest.keyClick(group.editor.name, Qt.Key.Key_Return)
    assert not group.editor.isVisibleTo(opened)
    assert not group.hint.isVisibleTo(opened)
    gui.until(lambda: group.warning.isVisibleTo(opened))
    row = group.table.topLevelItem(0)
    value, unit, mark = row.text(1).split()
    assert (row.text(0), unit, mark) == ("height", "mm", "⚠")
    assert float(value) == pytest.approx(80, abs=1)
    assert float(row.text(2)) > 0
    assert "at the detector, not in the patient" in group.warning.text()
    group.copy.click()
    assert f"height,{value}" in QApplication.clipboard().text()
    assert "at the detector" in QApplication.clipboard().text()
    place = tmp_path / "lungs.protocol"
    monkeypatch.setattr("qtpy.QtWidgets.QFileDialog.getSaveFileName", lambda *_: (str(place), ""))
    group.save.click()
    gui.until(lambda: "2 landmarks saved" in opened.foot.status.text())
    assert [one.name for one in open_protocol(place).measurements] == ["height"]
    assert group.apply.isEnabled()
    group.table.setCurrentItem(group.table.topLevelItem(0))
    group.remove.click()
    assert open_protocol(place).measurements == ()
    assert not group.table.isVisibleTo(opened)


def test_only_one_group_is_open_so_that_the_button_stays_in_sight(opened) -> None:
    opened.protocol.button.click()
    opened.options.button.click()
    assert opened.options.button.isChecked()
    assert not opened.protocol.button.isChecked()
    opened.protocol.button.click()
    assert not opened.options.button.isChecked()


def test_initials_are_remembered(opened, viewer) -> None:
    QTest.keyClicks(opened.options.initials.line, "AB")
    QTest.keyClick(opened.options.initials.line, Qt.Key.Key_Return)
    gui.place(opened, viewer, "hilum", (50, 50))
    assert opened.session.point.author == "AB"
    assert opened.case_panel.point.toolTip() == "placed by AB"
    opened.close_task()
    again = gui.open_dock(viewer, type(opened.session._engine)())
    assert again.options.initials.line.text() == "AB"
    assert again.session.author == "AB"
