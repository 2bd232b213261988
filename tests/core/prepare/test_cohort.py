"""A whole cohort: read once, broken files told, cancelled and resumed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile

from medssl.errors import Cancelled, SettingsError, StorageError
from medssl.geometry import Grid
from medssl.io import Image, list_images, write_image
from medssl.prepare import ArrayCache, PrepareSettings, prepare_cohort

Maker = Callable[..., object]
RNG = np.random.default_rng(0)
SETTINGS = PrepareSettings(longest_side=32)


def pictures(make_source: Maker, count: int = 4) -> list:
    return [make_source(f"p{i}", RNG.random((40 + i, 50))) for i in range(count)]


@pytest.mark.parametrize("automatic", [False, True])
def test_second_run_reads_nothing(make_source: Maker, tmp_path: Path, automatic: bool) -> None:
    if automatic:
        sources = [
            make_source(f"v{i}", RNG.random((9, 12, 14)), Grid.create((9, 12, 14), (2, 1, 1)))
            for i in range(3)
        ]
        settings = PrepareSettings(ndim=3)
    else:
        sources, settings = pictures(make_source), SETTINGS
    cache = ArrayCache(tmp_path / "cache")
    first = prepare_cohort(sources, settings, cache)
    assert [source.reads for source in sources] == [[source.key] for source in sources]
    second = prepare_cohort(sources, settings, cache)
    assert all(len(source.reads) == 1 for source in sources)
    assert second.fingerprint == first.fingerprint
    assert [c.key for c in second.cases] == [s.key for s in sources]
    for one, two in zip(first.cases, second.cases, strict=True):
        assert one == two
        np.testing.assert_array_equal(one.array, two.array)


def test_changed_file_or_settings_are_prepared_again(make_source: Maker, tmp_path: Path) -> None:
    sources = pictures(make_source)
    cache = ArrayCache(tmp_path / "cache")
    first = prepare_cohort(sources, SETTINGS, cache)
    make_source("p0", RNG.random((77, 50)))
    second = prepare_cohort(sources, SETTINGS, cache)
    assert [len(source.reads) for source in sources] == [2, 1, 1, 1]
    assert second.fingerprint != first.fingerprint
    prepare_cohort(sources, PrepareSettings(longest_side=48), cache)
    assert [len(source.reads) for source in sources] == [3, 2, 2, 2]


def test_a_warning_about_a_name_stays_with_that_name(tmp_path: Path) -> None:
    right, wrong = tmp_path / "film.png", tmp_path / "film.nii"
    pixels = RNG.integers(0, 255, (40, 50), np.uint8)
    write_image(Image(pixels, Grid.create(pixels.shape), "yx"), right)
    wrong.write_bytes(right.read_bytes())
    cache = ArrayCache(tmp_path / "cache")
    assert "promises nifti" in prepare_cohort(list_images(wrong), SETTINGS, cache).warnings[0]
    assert prepare_cohort(list_images(right), SETTINGS, cache).warnings == ()


def test_broken_and_mixed_files_do_not_stop_the_rest(make_source: Maker, tmp_path: Path) -> None:
    sources = pictures(make_source)
    sources[1].path.write_bytes(b"")
    sources.append(make_source("volume", RNG.random((5, 20, 20))))
    sources.append(make_source("nan", np.full((20, 20), np.nan)))
    sources.append(make_source("gone", RNG.random((20, 20))))
    sources[-1].path.unlink()
    cohort = prepare_cohort(sources, SETTINGS, ArrayCache(tmp_path / "cache"))
    assert [case.key for case in cohort.cases] == ["p0", "p2", "p3"]
    messages = {problem.path.stem: problem.message for problem in cohort.problems}
    assert "truncated" in messages["p1"]
    assert "volume" in messages["volume"]
    assert "separate folders" in messages["volume"]
    assert "finite" in messages["nan"]
    assert "No such file" in messages["gone"]


def test_nothing_usable(make_source: Maker, tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path / "cache")
    with pytest.raises(SettingsError, match="there are no images"):
        prepare_cohort([], SETTINGS, cache)
    with pytest.raises(SettingsError, match="none of the 4 images"):
        prepare_cohort(pictures(make_source), PrepareSettings(ndim=3), cache)


def test_cancelled_work_is_kept(make_source: Maker, tmp_path: Path) -> None:
    sources = pictures(make_source)
    cache = ArrayCache(tmp_path / "cache")

    def stop(done: int, total: int, message: str) -> None:
        assert total == 4
        if done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        prepare_cohort(sources, SETTINGS, cache, stop, workers=1)
    prepare_cohort(sources, SETTINGS, cache)
    assert sum(len(source.reads) for source in sources) == 4


def test_full_disk_stops_with_a_remedy(
    make_source: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array_header_2_0", full)
    with pytest.raises(StorageError, match=r"full.*Free some space"):
        prepare_cohort(pictures(make_source), SETTINGS, ArrayCache(tmp_path / "cache"))


def test_points_go_there_and_back(make_source: Maker, tmp_path: Path) -> None:
    grid = Grid.create((9, 30, 40), (3.0, 0.8, 0.8), (1.0, 2.0, 3.0), -np.eye(3)[:, ::-1])
    source = make_source("v", RNG.random(grid.shape), grid)
    cohort = prepare_cohort([source], PrepareSettings(ndim=3), ArrayCache(tmp_path / "cache"))
    case = cohort.case("v")
    points = RNG.random((20, 3)) * 8
    working = case.source_to_working(points)
    np.testing.assert_allclose(case.working_to_source(working), points, atol=1e-9)
    np.testing.assert_allclose(
        case.grid.voxel_to_world(working), grid.voxel_to_world(points), atol=1e-9
    )
    with pytest.raises(SettingsError, match="'w'"):
        cohort.case("w")


def test_real_chest_films(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "cxr_covid_seg" / "images"
    sources = list_images(folder).sources[:6]
    cohort = prepare_cohort(sources, PrepareSettings(), ArrayCache(tmp_path / "cache"))
    assert len(cohort.cases) == 6
    assert not cohort.problems
    for case in cohort.cases:
        values = np.asarray(case.array, np.float32)
        assert max(values.shape) == 256
        assert values.min() >= 0
        assert values.max() <= 1
        assert values.std() > 0.1
        assert len(np.unique(values)) > 100


def test_two_images_of_one_key_are_refused(make_source: Maker, tmp_path: Path) -> None:
    one, two = pictures(make_source, 2)
    two.key = one.key
    with pytest.raises(SettingsError, match="two images of the cohort go by 'p0'"):
        prepare_cohort([one, two], SETTINGS, ArrayCache(tmp_path / "cache"))


def test_a_warning_is_given_once_with_whom_it_is_about(make_source: Maker, tmp_path: Path) -> None:
    flat = [make_source(f"flat{i}", np.ones((40, 50))) for i in range(3)]
    small = make_source("small", RNG.random((9, 9)))
    cache = ArrayCache(tmp_path / "cache")
    prepared = prepare_cohort([*pictures(make_source), *flat, small], SETTINGS, cache)
    assert prepared.warnings == (
        "3 images, the first flat0: all pixels have the same value",
        "small: very small image (9 × 9)",
    )


def test_pictures_of_one_file_are_kept_apart(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    with tifffile.TiffWriter(tmp_path / "images" / "two.tif") as file:
        file.write(RNG.integers(0, 255, (40, 30)).astype(np.uint8), metadata=None)
        file.write(RNG.integers(0, 255, (20, 50)).astype(np.uint8), metadata=None)
    listing = list_images(tmp_path / "images")
    for _ in range(2):
        prepared = prepare_cohort(listing.sources, SETTINGS, ArrayCache(tmp_path / "cache"))
        assert [case.key for case in prepared.cases] == ["two.tif", "two.tif#1"]
        assert [case.array.shape for case in prepared.cases] == [(1, 32, 24), (1, 13, 32)]
        assert len({case.fingerprint for case in prepared.cases}) == 2
