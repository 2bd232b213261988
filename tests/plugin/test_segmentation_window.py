"""The Segmentation dock: the walk in a real window, on small phantoms with the instant model."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gui
import numpy as np
import pytest
from napari.layers import Image as ImageLayer
from scipy import ndimage

from medssl.cohort import Cohort
from medssl.evaluate.scores import dice
from medssl.geometry import Grid
from medssl.io import Image, write_image
from medssl.io.reading import read_image
from medssl.phantom import make_chest
from medssl.prepare.maps import to_working
from napari_medssl.cohorts.exporting import MASK_KINDS
from napari_medssl.widgets.cohort.dock import CohortWidget
from napari_medssl.widgets.segmentation.dock import SegmentationWidget
from napari_medssl.widgets.similarity_layer import EMPTY_NAME

IMAGES = 5
ORGAN = "organ 1"


def lungs_of(number: int) -> np.ndarray:
    masks = make_chest(number).masks
    return np.any([mask for name, mask in masks.items() if "lung" in name], axis=0)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    for number in range(IMAGES):
        write_image(make_chest(number).image, folder / f"film_{number}.nrrd")
    return folder


@pytest.fixture(scope="module")
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSSL_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def dock(viewer: Any, _cache: None) -> Iterator[Any]:
    made = SegmentationWidget(viewer)
    viewer.window.add_dock_widget(made, name="Segmentation", area="right")
    gui.until(made.isVisible)
    gui.settle()
    yield made
    made.close_task()


@pytest.fixture
def films_here(films: Path, tmp_path: Path) -> Path:
    """The films in a folder of the test, so that its cohort is new."""
    here = tmp_path / "chest"
    here.mkdir()
    for film in films.iterdir():
        (here / film.name).symlink_to(film)
    return here


def idle(dock: Any) -> None:
    gui.until(lambda: not dock.threads.busy)
    gui.settle()


def find_structures(dock: Any, films: Path, count: int = 48) -> None:
    state = dock.state
    dock.open_folder(films)
    gui.until(lambda: len(state.cases) == IMAGES and state.image is not None)
    idle(dock)
    state.count = count
    dock.actions_bar.primary.click()
    gui.until(lambda: state.map is not None)
    idle(dock)


def lung_points(dock: Any, number: int) -> list[tuple[float, float]]:
    """Points of the world, one in each structure that lies in the lungs."""
    state, layer = dock.state, dock.canvas.structures.layer
    grid = state.map[1]
    inside = to_working(lungs_of(number)[None], state.grid, grid)[0] > 0.5
    points = []
    for value in np.unique(layer.data):
        there = layer.data == value
        if inside[there].mean() > 0.5:
            deep = ndimage.distance_transform_edt(there & inside)
            place = np.unravel_index(deep.argmax(), deep.shape)
            points.append(tuple(layer.data_to_world(place)))
    return points


def stored(dock: Any, kind: str = "effective") -> dict[str, Any]:
    with Cohort.open(dock.state.path) as cohort:
        return {one.case_key: one for one in cohort.segmentations(name=ORGAN, kind=kind)}


def read_mask(dock: Any, record: Any) -> np.ndarray:
    with Cohort.open(dock.state.path) as cohort:
        return cohort.read_segmentation(record).layers[0] > 0


def test_before_anything_is_open_the_dock_says_what_to_do(dock: Any) -> None:
    assert dock.empty.isVisible()
    assert dock.actions_bar.primary.text() == "Open a folder…"
    assert not dock.body.isVisible()
    dock.state.find_structures()
    dock.state.segment_all()
    assert not dock.threads.busy


def test_cluster_pick_cohort_correct_retrain_export(
    dock: Any, viewer: Any, films_here: Path, tmp_path: Path
) -> None:
    state, canvas = dock.state, dock.canvas
    find_structures(dock, films_here)
    assert canvas.structures.layer.visible
    assert len(np.unique(canvas.structures.layer.data)) > 8

    dock.structures.slider.setValue(4)
    assert set(np.unique(canvas.structures.layer.data)) <= {1, 2, 3, 4}
    dock.structures.slider.setValue(24)
    points = lung_points(dock, 0)
    for point in points:
        gui.click(viewer, point)
        idle(dock)
    assert state.organs.current.members
    assert dice(state.masks[ORGAN].mask, lungs_of(0)) > 0.6
    assert canvas.organs[ORGAN].layer.data.any()

    dock.actions_bar.primary.click()
    gui.until(lambda: len(state.stored) == IMAGES)
    idle(dock)
    found = stored(dock)
    assert {one.source for one in found.values()} == {"predicted"}
    assert all(0 < one.confidence <= 1 for one in found.values())
    before = read_mask(dock, found["film_0.nrrd"])
    order = [row[2].confidence for row in dock.review._model.rows]
    assert order == sorted(order)

    dock.correct.paint.click()
    layer = canvas.organs[ORGAN].layer
    assert (viewer.layers.selection.active, str(layer.mode)) == (layer, "paint")
    middle = state.grid.shape[0] // 2
    spacing = state.grid.spacing
    start, end = (middle * spacing[0], 40 * spacing[1]), (middle * spacing[0], 90 * spacing[1])
    gui.drag(viewer, start, end)
    gui.until(lambda: ORGAN in state.taught)
    idle(dock)
    (human,) = stored(dock, "human").values()
    assert human.source == "corrected"
    mask = read_mask(dock, human)
    assert mask[middle, 45:85].all(), "what was painted is in the mask"
    assert (mask[middle - 30] != before[middle - 30]).any() or (mask != before).sum() > 2000

    dock.correct.pick.click()
    dock.actions_bar.primary.click()
    gui.until(lambda: state.segmenting)
    gui.until(lambda: not state.segmenting)
    idle(dock)
    again = stored(dock, "predicted")
    assert again["film_2.nrrd"].fingerprint != found["film_2.nrrd"].fingerprint
    (kept,) = stored(dock, "human").values()
    assert kept.fingerprint == human.fingerprint, "a person's mask is not touched"

    out = tmp_path / "out"
    for kind in MASK_KINDS:
        if kind.kind in ("nifti", "png", ""):
            place = out / "sizes.csv" if kind.is_file else out
            out.mkdir(exist_ok=True)
            state.export(kind, place)
            idle(dock)
    assert len(list(out.glob("*.nii.gz"))) == len(list(out.glob("*.png"))) == IMAGES
    written = read_image(out / f"film_0__{ORGAN}.png").array
    np.testing.assert_array_equal(written > 0, mask)
    with (out / "sizes.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    corrected = next(row for row in rows if row["source"] == "corrected")
    assert float(corrected["size"]) == pytest.approx(mask.sum() * np.prod(spacing), rel=1e-4)
    assert (corrected["unit"], corrected["confidence"]) == ("mm²", "")


def test_hover_alt_click_and_undo(dock: Any, viewer: Any, films_here: Path) -> None:
    state, canvas = dock.state, dock.canvas
    find_structures(dock, films_here, 12)
    point = lung_points(dock, 0)[0]
    rim = canvas.structures.rim
    gui.click(viewer, point)
    idle(dock)
    assert rim.visible
    assert rim.data.any()
    picked = state.organs.current.members
    assert picked
    state.undo()
    idle(dock)
    assert not state.organs.current.members
    assert ORGAN not in state.masks
    assert not canvas.organs[ORGAN].layer.data.any()
    state.redo()
    idle(dock)
    assert state.organs.current.members == picked
    gui.click(viewer, point, gui.Qt.KeyboardModifier.AltModifier)
    idle(dock)
    assert not state.organs.current.members


def test_naparis_own_undo_takes_strokes_and_what_they_taught_back(
    dock: Any, viewer: Any, films_here: Path
) -> None:
    state, canvas = dock.state, dock.canvas
    find_structures(dock, films_here, 24)
    for point in lung_points(dock, 0):
        gui.click(viewer, point)
        idle(dock)
    picked = state.masks[ORGAN].mask
    dock.correct.paint.click()
    spacing = state.grid.spacing
    middle = 300
    gui.drag(
        viewer, (middle * spacing[0], 250 * spacing[1]), (middle * spacing[0], 300 * spacing[1])
    )
    gui.until(lambda: ORGAN in state.taught)
    idle(dock)
    gui.drag(viewer, (100 * spacing[0], 20 * spacing[1]), (100 * spacing[0], 60 * spacing[1]))
    idle(dock)
    layer = canvas.organs[ORGAN].layer
    assert layer.data[100, 30:50].all(), "both strokes are there"
    assert layer.data[middle, 260:290].all()
    assert len(stored(dock, "human")) == 1
    for _ in range(4):
        if not (layer.data > 0).any() or (layer.data > 0).sum() != picked.sum():
            gui.press(viewer, gui.Qt.Key.Key_Z, gui.Qt.KeyboardModifier.ControlModifier)
            idle(dock)
    np.testing.assert_array_equal(layer.data > 0, picked)
    assert stored(dock, "human") == {}
    gui.press(
        viewer,
        gui.Qt.Key.Key_Z,
        gui.Qt.KeyboardModifier.ControlModifier | gui.Qt.KeyboardModifier.ShiftModifier,
    )
    idle(dock)
    (again,) = stored(dock, "human").values()
    assert read_mask(dock, again)[middle, 260:290].all()


def test_erasing_beside_the_organ_teaches_where_nothing_is_painted(
    dock: Any, viewer: Any, films_here: Path
) -> None:
    state = dock.state
    find_structures(dock, films_here, 24)
    height, width = (n * s for n, s in zip(state.grid.shape, state.grid.spacing, strict=True))
    dock.correct.paint.click()
    gui.drag(viewer, (0.4 * height, 0.3 * width), (0.6 * height, 0.3 * width))
    idle(dock)
    layer = dock.canvas.organs[ORGAN].layer
    painted = np.array(layer.data)
    assert painted.any()
    assert "erase beside it" in dock.foot.status.text()
    dock.correct.erase.click()
    gui.drag(viewer, (0.2 * height, 0.5 * width), (0.9 * height, 0.5 * width))
    idle(dock)
    learned = np.array(layer.data)
    assert set(np.unique(learned)) == {0, 1}
    assert learned.sum() > 1.5 * painted.sum()
    assert (learned[painted > 0] == 1).all()
    beside = layer.world_to_data((0.5 * height, 0.5 * width))
    assert learned[tuple(np.round(beside).astype(int))] == 0
    layer.undo()
    layer.undo()
    idle(dock)
    assert np.array_equal(layer.data, painted)
    layer.redo()
    idle(dock)
    assert np.array_equal(layer.data, painted)


def test_each_image_has_its_own_masks(dock: Any, viewer: Any, films_here: Path) -> None:
    state, canvas = dock.state, dock.canvas
    find_structures(dock, films_here, 24)
    gui.click(viewer, lung_points(dock, 0)[0])
    idle(dock)
    first = state.masks[ORGAN].mask
    dock.state.add_organ()
    state.rename_organ("heart")
    assert dock.organs.line.text() == "heart"
    gui.click(
        viewer,
        (
            0.5 * state.grid.shape[0] * state.grid.spacing[0],
            0.5 * state.grid.shape[1] * state.grid.spacing[1],
        ),
    )
    idle(dock)
    assert set(state.masks) == {ORGAN, "heart"}
    assert not (state.masks["heart"].mask & first).any()
    state.go_to("film_3.nrrd")
    gui.until(lambda: set(state.masks) == {ORGAN, "heart"})
    idle(dock)
    other = state.masks[ORGAN].mask
    assert other.shape == state.grid.shape
    shown = canvas.organs[ORGAN]
    np.testing.assert_array_equal(shown.layer.data > 0, other)
    assert shown.layer.visible
    state.go_to("film_0.nrrd")
    gui.until(lambda: set(state.masks) == {ORGAN, "heart"})
    idle(dock)
    np.testing.assert_array_equal(state.masks[ORGAN].mask, first)


def test_an_image_of_another_size_is_seen_whole(dock: Any, viewer: Any, tmp_path: Path) -> None:
    folder = tmp_path / "sizes"
    folder.mkdir()
    film = make_chest(0).image
    write_image(film, folder / "a.nrrd")
    wide = np.repeat(film.array, 3, axis=1)
    write_image(Image(wide, Grid.create(wide.shape, film.grid.spacing), "yx"), folder / "b.nrrd")
    dock.open_folder(folder)
    gui.until(lambda: len(dock.state.cases) == 2 and dock.state.image is not None)
    idle(dock)
    dock.actions_bar.primary.click()
    gui.until(lambda: dock.state.map is not None)
    dock.state.go_to("b.nrrd")
    gui.until(lambda: dock.state.image is not None)
    idle(dock)
    (layer,) = (one for one in viewer.layers if isinstance(one, ImageLayer))
    native = gui.canvas_of(viewer).native
    for corner in layer.extent.world:
        at = gui.position_of(viewer, corner)
        assert native.rect().contains(at), corner


def test_the_dock_comes_back_as_it_was_left(dock: Any, viewer: Any, films_here: Path) -> None:
    find_structures(dock, films_here, 24)
    gui.click(viewer, lung_points(dock, 0)[0])
    idle(dock)
    members, mask = dock.state.organs.current.members, dock.state.masks[ORGAN].mask
    dock.close_task()
    again = SegmentationWidget(viewer)
    viewer.window.add_dock_widget(again, name="Again", area="right")
    again.open_folder(films_here)
    gui.until(lambda: ORGAN in again.state.masks)
    idle(again)
    assert again.state.organs.current.members == members
    np.testing.assert_array_equal(again.state.masks[ORGAN].mask, mask)
    again.close_task()


def test_a_folder_without_images_and_too_little_memory_are_said(
    dock: Any, films_here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "new"
    empty.mkdir()
    dock.open_folder(empty)
    gui.until(lambda: dock.foot.status.property("kind") == "error")
    assert "there are no images in it" in dock.foot.status.text()
    find_structures(dock, films_here, 12)

    def full(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(dock.state._engine, "cluster", full)
    dock.structures.find.click()
    gui.until(lambda: "not enough memory" in dock.foot.status.text())
    idle(dock)
    assert dock.state.tree is not None, "what was there stays"
    assert dock.structures.find.isEnabled()


def images_in(viewer: Any) -> list[str]:
    """Names of the images that are shown; the map of similarity is none."""
    layers = [layer for layer in viewer.layers if isinstance(layer, ImageLayer)]
    return [layer.name for layer in layers if layer.name != EMPTY_NAME]


def test_the_docks_show_one_image_and_the_same_case(
    dock: Any, viewer: Any, films_here: Path
) -> None:
    find_structures(dock, films_here, 12)
    gui.click(viewer, lung_points(dock, 0)[0])
    idle(dock)
    cohort = CohortWidget(viewer)
    viewer.window.add_dock_widget(cohort, name="Cohort", area="right")
    gui.until(lambda: len(cohort.browser.cases) == IMAGES)
    idle(cohort)
    assert images_in(viewer) == ["film_0.nrrd"]
    cohort.browser.go_to("film_2.nrrd")
    gui.until(lambda: dock.state.key == "film_2.nrrd" and dock.state.image is not None)
    idle(dock)
    assert images_in(viewer) == ["film_2.nrrd"]
    dock.state.segment_all()
    gui.until(lambda: not dock.state.segmenting)
    gui.until(lambda: cohort.browser.counts()["predicted"] == IMAGES)
    idle(dock)
    cohort.browser.accept()
    gui.until(lambda: any(one.source != "predicted" for one in dock.state.stored))
    dock.close_task()
    gui.until(lambda: images_in(viewer) != [] and not cohort.threads.busy)
    assert len(images_in(viewer)) == 1, "the Cohort dock shows the image now"
    cohort.close_task()


def test_beside_the_landmarks_dock_only_masks_are_added(
    dock: Any, viewer: Any, films_here: Path, engine: Any
) -> None:
    find_structures(dock, films_here, 12)
    landmarks = gui.open_dock(viewer, engine)
    gui.until(lambda: len(landmarks.session.sources) == IMAGES)
    gui.until(lambda: landmarks.session.image is not None and len(images_in(viewer)) >= 1)
    idle(dock)
    own = [layer for layer in viewer.layers if dock.canvas.owns(layer)]
    assert not any(isinstance(layer, ImageLayer) for layer in own)
    gui.until(lambda: dock.state.map is not None)
    assert dock.canvas.structures.layer.visible
    landmarks.close_task()
    gui.until(lambda: dock.state.image is not None)
    assert any(isinstance(layer, ImageLayer) and dock.canvas.owns(layer) for layer in viewer.layers)
