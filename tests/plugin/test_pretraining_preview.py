"""The live preview: layers that update in place and leave the person alone."""

from __future__ import annotations

import sys
from pathlib import Path

import gui
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from fake_training import FakeRun

from napari_medssl.training.preview import Preview, read_preview
from napari_medssl.widgets.pretraining.preview_layers import PreviewLayers

pytestmark = pytest.mark.gui


@pytest.fixture
def run() -> FakeRun:
    return FakeRun("one")


@pytest.fixture
def previews(viewer):
    layers = PreviewLayers(viewer)
    yield layers
    layers.close()


def preview(run: FakeRun, step: int, **values) -> Preview:
    run.preview(step, **values)
    found = read_preview(run.path)
    assert found is not None
    return found


@pytest.mark.parametrize("ndim", [2, 3])
def test_cells_lie_over_the_image_with_its_true_geometry(previews, viewer, run, ndim) -> None:
    previews.show(preview(run, 1, ndim=ndim))
    gui.settle()
    names = [layer.name for layer in viewer.layers]
    assert names == [f"film_01.png · {w}" for w in ("preview", "embedding", "clusters")]
    image, embedding, clusters = viewer.layers
    assert {str(u) for layer in viewer.layers for u in layer.units} == {"millimeter"}
    np.testing.assert_allclose(image.scale, [2.0] * ndim)
    for layer in (embedding, clusters):
        low, high = image.extent.world, layer.extent.world
        np.testing.assert_allclose(
            low[0] - np.array(image.scale) / 2, high[0] - np.array(layer.scale) / 2
        )
        np.testing.assert_allclose(
            low[1] + np.array(image.scale) / 2, high[1] + np.array(layer.scale) / 2
        )
    assert image.metadata["medssl"]["grid"]["unit"] == "mm"


def test_it_changes_in_place(previews, viewer, run) -> None:
    previews.show(preview(run, 1, level=10))
    before = dict(previews.layers)
    previews.show(preview(run, 2, level=20))
    assert previews.layers == before
    assert before["embedding"].data.max() == 20
    assert before["clusters"].data.max() == 3
    assert len(viewer.layers) == 3


def test_it_takes_neither_the_active_layer_nor_the_camera(previews, viewer, run) -> None:
    mine = viewer.add_image(np.zeros((50, 50)), name="mine", scale=(2, 2), units=("mm", "mm"))
    viewer.layers.selection.active = mine
    viewer.scene.camera.zoom = 3.3
    viewer.scene.camera.center = (0, 11, 12)
    gui.settle()
    before = (viewer.scene.camera.zoom, tuple(viewer.scene.camera.center))
    for step in (1, 2):
        previews.show(preview(run, step))
        gui.settle()
        assert viewer.layers.selection.active is mine
        assert set(viewer.layers.selection) == {mine}
        assert (viewer.scene.camera.zoom, tuple(viewer.scene.camera.center)) == before
    previews.remove()
    assert [layer.name for layer in viewer.layers] == ["mine"]


def test_what_a_person_changed_stays_and_what_they_deleted_does_not_return(
    previews, viewer, run
) -> None:
    previews.show(preview(run, 1))
    previews.layers["embedding"].opacity = 0.9
    viewer.layers.remove(previews.layers["clusters"])
    previews.show(preview(run, 2))
    assert set(previews.layers) == {"image", "embedding"}
    previews.remove()
    assert [layer.name for layer in viewer.layers] == ["film_01.png · embedding"]


def test_clusters_come_when_there_are_some(previews, viewer, run) -> None:
    previews.show(preview(run, 1, clusters=False))
    assert set(previews.layers) == {"image", "embedding"}
    previews.show(preview(run, 2))
    assert set(previews.layers) == {"image", "embedding", "clusters"}
    assert viewer.layers[-1] is previews.layers["clusters"]


@pytest.mark.parametrize("ndim", [2, 3])
def test_what_is_restored_lies_beside_the_image(previews, viewer, run, ndim) -> None:
    previews.show(preview(run, 1, ndim=ndim, restored=0.4))
    gui.settle()
    names = [layer.name for layer in viewer.layers][-3:]
    assert names == [f"film_01.png · {w}" for w in ("distorted", "restored", "original")]
    image = viewer.layers[0]
    edge = image.extent.world[1][-1] + image.scale[-1] / 2
    for layer, value in zip(viewer.layers[-3:], (0.2, 0.4, 0.8), strict=True):
        np.testing.assert_allclose(layer.data, value, atol=1e-3)
        np.testing.assert_allclose(layer.scale, [3.0] * ndim)
        np.testing.assert_allclose(layer.translate[:-1], [13.0] if ndim == 2 else [11.0, 13.0])
        low, high = layer.extent.world
        assert low[-1] - layer.scale[-1] / 2 > edge
        edge = high[-1] + layer.scale[-1] / 2
        assert {str(unit) for unit in layer.units} == {"millimeter"}
    before = dict(previews.layers)
    previews.show(preview(run, 2, ndim=ndim, restored=0.6))
    assert previews.layers == before
    np.testing.assert_allclose(before["restored"].data, 0.6, atol=1e-3)
    previews.remove()
    assert not viewer.layers


def test_what_is_restored_is_seen_at_first_and_goes_where_there_is_none(
    previews, viewer, run
) -> None:
    previews.show(preview(run, 1, restored=0.4))
    gui.settle()
    shown = gui.position_of(viewer, previews.layers["original"].extent.world[1])
    assert 0 < shown.x() < gui.canvas_of(viewer).size[1]
    previews.show(preview(run, 2))
    gui.settle()
    assert set(previews.layers) == {"image", "embedding", "clusters"}


def test_restored_pictures_of_another_size_wait_for_the_rest(run) -> None:
    run.preview(1, restored=0.4)
    np.save(run.folder.previews / "restored.npy", np.zeros((3, 3), np.float16))
    assert read_preview(run.path) is None
    (run.folder.previews / "restored.npy").unlink()
    assert read_preview(run.path) is None


def test_a_preview_layer_is_no_image_to_work_on(previews, viewer, run) -> None:
    from napari_medssl.open_layers import usable

    previews.show(preview(run, 1))
    viewer.add_image(np.zeros((50, 50)), name="mine", units=("mm", "mm"))
    gui.settle()
    assert len(usable(viewer, previews)) == 1
