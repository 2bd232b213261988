"""Thumbnails: where points and masks lie on them, which slice is shown, what cannot be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from medssl.cohort import Cohort, NewPoint
from medssl.cohort.adding import add_images
from medssl.geometry import Grid
from medssl.io import Segmentation, write_image
from medssl.io.image import Image
from medssl.prepare import ArrayCache
from napari_medssl.cohorts.picture_queue import PictureQueue
from napari_medssl.cohorts.pictures import Picture, PictureMaker
from napari_medssl.cohorts.thumbnails import SIDE, descriptor_of, make_thumbnail


def cohort_of(folder: Path, image: Image, name: str) -> Path:
    (folder / "images").mkdir()
    write_image(image, folder / "images" / name)
    with Cohort.create(folder / "some") as cohort:
        add_images(cohort, [folder / "images"])
        cohort.add_landmark("spot")
        return cohort.path


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """A volume of 5 mm slices, feet first, with one bright voxel in slice 2 of the file."""
    array = np.zeros((10, 40, 20), np.float32)
    array[2, 30, 5] = 1000
    affine = np.diag([1.0, 1.0, -5.0, 1.0])[:, [2, 1, 0, 3]]
    grid = Grid.from_affine(array.shape, affine, "mm")
    return cohort_of(tmp_path, Image(array, grid, "zyx"), "ct.nii.gz")


def test_a_volume_shows_the_slice_of_its_point_where_the_point_is(volume, tmp_path) -> None:
    with Cohort.open(volume) as cohort:
        (case,) = cohort.cases()
        image = case.source().read()
        place = tuple(int(v) for v in np.argwhere(np.asarray(image.array) > 500)[0])
        cohort.set_points([NewPoint(case.key, "spot", place, None, "predicted", 0.3)])
    maker = PictureMaker(volume, ArrayCache(tmp_path / "cache"))
    picture = maker.make(case.key)
    (mark,) = picture.marks
    height, width, _ = picture.pixels.shape
    assert (height, width) == (SIDE, SIDE // 2)
    brightest = np.unravel_index(picture.pixels[..., 0].argmax(), (height, width))
    assert picture.pixels.max() == 255
    assert mark.y * height == pytest.approx(brightest[0], abs=4)
    assert mark.x * width == pytest.approx(brightest[1], abs=4)
    maker.close()


def test_a_point_far_from_the_slice_is_not_drawn_in_it(volume, tmp_path) -> None:
    with Cohort.open(volume) as cohort:
        (case,) = cohort.cases()
        cohort.add_landmark("other")
        cohort.set_points(
            [
                NewPoint(case.key, "spot", (1, 5, 5), None, "predicted", 0.3),
                NewPoint(case.key, "other", (8, 5, 5), None, "manual"),
            ]
        )
    maker = PictureMaker(volume, ArrayCache(tmp_path / "cache"))
    assert [mark.landmark for mark in maker.make(case.key).marks] == ["spot"]
    maker.close()


def test_masks_are_laid_over_in_their_colour(tmp_path) -> None:
    grid = Grid.create((60, 60), (1.0, 1.0))
    folder = cohort_of(tmp_path, Image(np.full((60, 60), 90, np.uint8), grid, "yx"), "film.png")
    labels = np.zeros((60, 60), np.uint8)
    labels[:, :30] = 1
    with Cohort.open(folder) as cohort:
        (case,) = cohort.cases()
        drawn = Segmentation.from_labels(labels, case.grid, {1: "half"}, {"half": "#ff0000"})
        cohort.set_segmentation(case.key, "half", drawn, "predicted")
    cache = ArrayCache(tmp_path / "cache")
    for _ in range(2):  # made, then from the cache
        maker = PictureMaker(folder, cache)
        pixels = maker.make(case.key).pixels
        assert tuple(pixels[64, 100]) == (90, 90, 90)
        red, green, blue = pixels[64, 20]
        assert red > 140
        assert green == blue < 60
        maker.close()


def test_an_image_that_is_gone_is_said_unless_its_picture_is_kept(volume, tmp_path) -> None:
    kept = ArrayCache(tmp_path / "kept")
    with Cohort.open(volume) as cohort:
        (case,) = cohort.cases()
    maker = PictureMaker(volume, kept)
    whole = maker.make(case.key)
    case.path.unlink()
    again = maker.make(case.key)
    assert np.array_equal(again.pixels, whole.pixels)
    maker.close()
    maker = PictureMaker(volume, ArrayCache(tmp_path / "new"))
    assert maker.make(case.key).pixels is None
    assert "ct.nii.gz" in maker.make(case.key).trouble
    maker.close()


def test_colour_and_inverted_pictures_look_as_in_the_viewer() -> None:
    grid = Grid.create((40, 40), (1.0, 1.0))
    colour = np.zeros((40, 40, 3), np.uint8)
    colour[..., 1] = 200
    assert tuple(make_thumbnail(Image(colour, grid, "yxc"))[5, 5]) == (0, 200, 0)
    ramp = np.tile(np.arange(40, dtype=np.float32) * 10, (40, 1))
    dark = make_thumbnail(Image(ramp, grid, "yx", inverted=True))
    assert dark[5, 2, 0] > dark[5, 120, 0]


def test_descriptors_do_not_hang_on_brightness() -> None:
    rng = np.random.default_rng(0)
    one = np.repeat(rng.integers(0, 100, (SIDE, SIDE, 1), np.uint8), 3, axis=2)
    same, other = descriptor_of(one) @ descriptor_of(one + 80), descriptor_of(one[::-1].copy())
    assert same == pytest.approx(1.0, abs=0.02)
    assert float(descriptor_of(one) @ other) < 0.9
    assert np.all(descriptor_of(np.zeros((8, 8, 3), np.uint8)) == 0)


class Later:
    """Keeps tasks until they are let go."""

    def __init__(self) -> None:
        self.tasks: list[tuple] = []

    def submit(self, task, done, failed) -> None:
        self.tasks.append((task, done))

    def cancel(self) -> None:
        """Nothing is cancelled here."""

    def go(self) -> None:
        task, done = self.tasks.pop(0)
        done(task(lambda *_: None))


def test_what_came_into_view_last_is_made_first(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(PictureMaker, "make", lambda self, key: Picture(None, (), key))
    runner, order = Later(), []
    queue = PictureQueue(runner)
    queue.made.connect(lambda key, _: order.append(key))
    queue.use(tmp_path)
    for number in range(400):
        queue.want(f"case {number}")
    while runner.tasks:
        runner.go()
    assert order[0] == "case 0"  # begun at once
    assert order[1:7] == [f"case {number}" for number in range(399, 393, -1)]
    assert len(order) == 151  # scrolled away before its turn: dropped
