"""Folders of phantoms: what a person or a command line gets to work with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from medssl.errors import Cancelled, SettingsError, StorageError
from medssl.io import list_images, read_image, read_landmarks_csv, read_spacing_csv
from medssl.phantom import make_chest, make_volume, write_cohort
from medssl.phantom.cohort import case_seed


def test_films_read_back_with_their_truth(tmp_path: Path) -> None:
    where = write_cohort(tmp_path / "films", 3, seed=4, size=128, lesions=True)
    listing = list_images(where.images)
    assert [s.key for s in listing.sources] == [f"chest_{i:03d}.png" for i in range(3)]
    assert not listing.problems
    film = make_chest(case_seed(4, 1), 128, lesions=True)
    assert np.array_equal(read_image(where.images / "chest_001.png").array, film.image.array)
    rows = {r.landmark: r for r in read_landmarks_csv(where.landmarks) if r.image[6:9] == "001"}
    assert rows.keys() == film.landmarks.keys()
    for name, row in rows.items():
        assert row.point_vox == pytest.approx(film.landmarks[name], abs=1e-3)
    assert where.spacing is not None
    spacing = read_spacing_csv(where.spacing)["chest_001.png"]
    assert spacing == pytest.approx(film.image.grid.spacing, rel=1e-4)
    mask = read_image(where.masks / "chest_001__right_lung.png").array
    assert np.array_equal(mask > 0, film.masks["right_lung"])


def test_volumes_read_back_on_their_grid(tmp_path: Path) -> None:
    where = write_cohort(tmp_path, 2, ndim=3, seed=1, size=32)
    trunk = make_volume(case_seed(1, 0), 32)
    image = read_image(where.images / "trunk_000.nii.gz")
    corner = [0.0, 0.0, 0.0]
    assert image.grid.voxel_to_world(corner) == pytest.approx(
        trunk.image.grid.voxel_to_world(corner), abs=0.01
    )
    assert np.array_equal(image.array, trunk.image.array)
    assert all(len(row.point_vox) == 3 for row in read_landmarks_csv(where.landmarks))
    assert where.spacing is None


def test_a_longer_cohort_begins_with_the_shorter_one(tmp_path: Path) -> None:
    short = write_cohort(tmp_path / "a", 1, size=64)
    long = write_cohort(tmp_path / "b", 2, size=64)
    name = "chest_000.png"
    assert (short.images / name).read_bytes() == (long.images / name).read_bytes()


def test_progress_is_told_and_may_stop_it(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    def watch(done: int, total: int, message: str) -> None:
        seen.append((done, total))
        if done == 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        write_cohort(tmp_path, 5, size=64, progress=watch)
    assert seen == [(0, 5), (1, 5)]
    assert len(list((tmp_path / "images").iterdir())) == 1


def test_impossible_wishes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="1 or more"):
        write_cohort(tmp_path, 0)
    with pytest.raises(SettingsError, match="2 or 3 axes"):
        write_cohort(tmp_path, 1, ndim=4)  # type: ignore[arg-type]


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(StorageError, match="taken"):
        write_cohort(tmp_path / "taken", 1, size=64)
