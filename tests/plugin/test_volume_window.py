"""A volume cohort in the real window with the real engine: one click on one slice."""

from __future__ import annotations

from pathlib import Path

import gui
import numpy as np
import pytest
from qtpy.QtCore import Qt

from medssl.io import write_image
from medssl.phantom import make_volume
from napari_medssl.layers import Display

pytestmark = pytest.mark.gui


@pytest.fixture
def trunks(tmp_path: Path) -> Path:
    folder = tmp_path / "trunks"
    folder.mkdir()
    for seed in range(3):
        write_image(make_volume(seed, 32).image, folder / f"trunk_{seed}.nii.gz")
    return folder


def slice_of(session, point_vox) -> float:
    """World position of the axial slice in which a point lies."""
    display = Display.of(session.image.grid)
    return display.translate[0] + display.scale[0] * display.to_shown(point_vox)[0]


def test_click_on_a_slice_and_go_to_the_slices_of_the_others(viewer, trunks) -> None:
    dock = gui.open_dock(viewer)
    session = dock.session
    dock.open_folder(trunks)
    gui.wait_idle(dock)
    phantom = make_volume(0, 32)
    name, point = next(iter(phantom.landmarks.items()))
    display = Display.of(session.image.grid)
    world = np.array(display.translate) + np.array(display.scale) * display.to_shown(point)
    viewer.dims.set_point(0, world[0])
    gui.place(dock, viewer, name, world[1:])
    clicked = session.point.point_vox
    assert np.abs(np.subtract(clicked, point)).max() < 1.5
    for _ in range(2):
        gui.press(viewer, Qt.Key.Key_K)
        gui.wait_idle(dock)
        gui.until(lambda: len(dock.canvas.points_layer.data) == 1)
        there = slice_of(session, session.point.point_vox)
        assert viewer.dims.point[0] == pytest.approx(there, abs=display.scale[0] / 2 + 1e-6)
    assert {layer.ndim for layer in viewer.layers} == {3}
    assert f"{name} · similarity" in [layer.name for layer in viewer.layers]
