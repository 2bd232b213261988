"""The window of the demo shows every film with its true and found landmarks."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from napari import Viewer

sys.path.insert(0, str(Path(__file__).parent))
import gui

from medssl.geometry import Grid
from medssl.io import ExportPoint, Image, write_image, write_landmarks_csv
from napari_medssl.demo_window import fill_viewer, open_result


@pytest.fixture
def result(tmp_path: Path) -> Path:
    films = np.random.default_rng(0).integers(0, 255, (3, 64, 48), np.uint8)
    write_image(Image(films, Grid.create(films.shape), "zyx"), tmp_path / "films.tif")
    for name, shift in (("truth", 0.0), ("found", 2.0)):
        rows = [
            ExportPoint("films.tif", landmark, (i, 20 + shift, x), (x, 20 + shift, i), "px")
            for i in range(3)
            for landmark, x in (("left", 30.0), ("right", 10.0))
        ]
        write_landmarks_csv(tmp_path / f"{name}.csv", rows)
    return tmp_path


def test_points_lie_on_the_film_they_belong_to(viewer: Viewer, result: Path) -> None:
    fill_viewer(viewer, result)
    assert [layer.name for layer in viewer.layers] == ["films", "truth", "found"]
    assert viewer.layers["films"].data.shape == (3, 64, 48)
    np.testing.assert_allclose(viewer.layers["truth"].data[0], [0, 20, 30])
    np.testing.assert_allclose(viewer.layers["found"].data[3], [1, 22, 10])


def test_a_landmark_has_the_same_colour_in_both_layers(viewer: Viewer, result: Path) -> None:
    fill_viewer(viewer, result)
    truth, found = viewer.layers["truth"], viewer.layers["found"]
    np.testing.assert_allclose(truth.face_color, found.face_color)
    assert not np.allclose(truth.face_color[0], truth.face_color[1])


def test_the_window_opens_with_the_dock_and_says_what_the_signs_mean(
    viewer: Viewer, result: Path
) -> None:
    open_result(viewer, result)
    assert any("Landmarks" in name for name in viewer.window.dock_widgets)
    assert viewer.canvas.overlays.text.visible
    assert viewer.dims.axis_labels[0] == "film"
    gui.until(lambda: viewer.scene.camera.center[1:] == pytest.approx((31.5, 23.5), abs=1))
