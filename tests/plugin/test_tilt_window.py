"""A CT with a tilted gantry in the real window: what was done to it is said where it is seen."""

from __future__ import annotations

import sys
from pathlib import Path

import gui
import pytest
from napari.utils.notifications import notification_manager
from qtpy.QtCore import Qt

sys.path.insert(0, str(Path(__file__).parents[1] / "core" / "io"))
from dicom_files import make_series

pytestmark = pytest.mark.gui
HEIGHTS = [0, 2, 4, 6]


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """A tilted and a straight series, each in a folder of its own."""
    make_series(tmp_path / "scans" / "a_tilted", HEIGHTS, shift=0.25)
    straight = {"SeriesInstanceUID": "1.2.3"}
    make_series(tmp_path / "scans" / "b_straight", HEIGHTS, start=50, **straight)
    return tmp_path / "scans"


def test_the_dock_tells_of_the_tilt_beside_that_image_alone(dock, viewer, scans) -> None:
    dock.open_folder(scans)
    gui.wait_idle(dock)
    notes = dock.case_panel.notes
    assert notes.isVisible()
    assert "tilted by 14.0 degrees" in notes.text()
    assert "right-angled grid" in notes.toolTip()
    assert dock.session.image.grid.is_orthogonal
    gui.press(viewer, Qt.Key.Key_K)
    gui.wait_idle(dock)
    assert not notes.isVisible()
    gui.press(viewer, Qt.Key.Key_J)
    gui.wait_idle(dock)
    assert "tilted by 14.0 degrees" in notes.text()


def test_a_point_on_the_tilted_image_keeps_its_true_place(dock, viewer, scans) -> None:
    dock.open_folder(scans)
    gui.wait_idle(dock)
    dock.session.add_landmark("tip")
    assert dock.session.place((3.0, 4.0, 2.0))
    gui.wait_idle(dock)
    x, y, z = dock.session.image.grid.voxel_to_world(dock.session.point.point_vox)
    assert (x, z) == pytest.approx((-10 + 0.75 * 2, 6.0))
    assert y == pytest.approx(-20 + 0.5 * 4)


def test_the_reader_notifies_of_the_tilt(viewer, scans) -> None:
    notification_manager.records.clear()
    (layer,) = viewer.open(scans / "a_tilted", plugin="napari-medssl")
    told = [record.message for record in notification_manager.records]
    assert [message for message in told if "tilted by 14.0 degrees" in message]
    assert any("tilted by 14.0" in warning for warning in layer.metadata["medssl"]["warnings"])
