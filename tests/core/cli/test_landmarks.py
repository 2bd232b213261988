"""From one clicked picture to a file of found points, without training."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from medssl.embed import DenseEmbedder, open_embedder
from medssl.geometry import Grid
from medssl.io import Image, read_landmarks_csv, write_image
from medssl.phantom import PhantomFolder, write_cohort

CARINA = "carina"


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> PhantomFolder:
    return write_cohort(tmp_path_factory.mktemp("films"), 4, size=128)


@pytest.fixture
def clicked(films: PhantomFolder) -> tuple[Path, str]:
    """The first film and its carina as a person would type it."""
    row = next(r for r in read_landmarks_csv(films.landmarks) if r.landmark == CARINA)
    y, x = row.point_vox
    return films.images / row.image, f"{CARINA}={x},{y}"


def test_every_other_film_gets_the_point(
    medssl: Callable, films: PhantomFolder, clicked: tuple[Path, str], tmp_path: Path
) -> None:
    template, point = clicked
    out = tmp_path / "found.csv"
    outcome = medssl(
        "landmarks", films.images, "--template", template, "--points", point, "--out", out, "--json"
    )
    assert outcome.code == 0, outcome.stderr
    assert len(outcome.json["points"]) == 3
    rows = {row.image: row for row in read_landmarks_csv(out)}
    assert rows[template.name].extra["source"] == "manual"
    assert sorted(rows) == [f"chest_{i:03d}.png" for i in range(4)]
    assert all(
        0 <= float(r.extra["confidence"]) <= 1 for r in rows.values() if r.extra["confidence"]
    )


def test_a_model_matches_as_in_the_window_and_the_evaluation(
    medssl: Callable,
    films: PhantomFolder,
    clicked: tuple[Path, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    template, point = clicked
    joined = []

    def open_joined(model: str, ndim: int, device: str) -> DenseEmbedder:
        joined.append(model)
        return open_embedder("instant", ndim, device)

    monkeypatch.setattr("medssl.embed.open_landmark_embedder", open_joined)
    outcome = medssl(
        "landmarks", films.images, "--template", template, "--points", point,
        "--model", "my_run", "--out", tmp_path / "found.csv",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    assert joined == ["my_run"]


def test_slicer_gets_one_file_an_image(
    medssl: Callable, films: PhantomFolder, clicked: tuple[Path, str], tmp_path: Path
) -> None:
    template, point = clicked
    out = tmp_path / "found.mrk.json"
    outcome = medssl(
        "landmarks", films.images, "--template", template, "--points", point, "--out", out
    )
    assert outcome.code == 0, outcome.stderr
    assert CARINA in outcome.stdout
    files = sorted(f.name for f in tmp_path.iterdir())
    assert files == [f"found__chest_{i:03d}.mrk.json" for i in range(4)]


def test_template_may_lie_elsewhere(
    medssl: Callable, films: PhantomFolder, clicked: tuple[Path, str], tmp_path: Path
) -> None:
    template, _ = clicked
    elsewhere = tmp_path / template.name
    elsewhere.write_bytes(template.read_bytes())
    out = tmp_path / "found.csv"
    arguments = ["--template", elsewhere, "--points", films.landmarks, "--out", out]
    outcome = medssl("landmarks", films.images, *arguments)
    assert outcome.code == 0, outcome.stderr
    assert len({row.image for row in read_landmarks_csv(out)}) == 5


@pytest.mark.parametrize("point", ["carina=5000,10", "carina=1,2,3", "carina"])
def test_impossible_click_is_refused(
    medssl: Callable, films: PhantomFolder, clicked: tuple[Path, str], point: str, tmp_path: Path
) -> None:
    template, _ = clicked
    out = tmp_path / "found.csv"
    outcome = medssl(
        "landmarks", films.images, "--template", template, "--points", point, "--out", out
    )
    assert outcome.code == 2
    assert len(outcome.lines) == 1
    assert not out.exists()


def test_outside_click_is_told_in_x_and_y_before_anything_is_embedded(
    medssl: Callable, films: PhantomFolder, clicked: tuple[Path, str], tmp_path: Path
) -> None:
    template, _ = clicked
    out = tmp_path / "found.csv"
    outcome = medssl(
        "landmarks", films.images, "--template", template, "--points", "p=5000,10", "--out", out
    )
    [line] = outcome.lines
    assert f"{template}: the point of 'p' (x, y = 5000, 10) lies outside" in line
    assert "Embedding" not in outcome.stderr


def test_nothing_to_search_is_refused(
    medssl: Callable, films: PhantomFolder, clicked: tuple[Path, str], tmp_path: Path
) -> None:
    template, point = clicked
    out = tmp_path / "found.csv"
    outcome = medssl("landmarks", template, "--template", template, "--points", point, "--out", out)
    assert outcome.code == 2
    assert "no image to search but the template itself" in outcome.lines[0]
    assert not out.exists()


def test_volume_among_pictures_has_nothing_to_search(
    medssl: Callable, films: PhantomFolder, tmp_path: Path
) -> None:
    volume = tmp_path / "volume.nrrd"
    array = np.random.default_rng(0).random((8, 16, 16), np.float32)
    write_image(Image(array, Grid.create(array.shape, (1, 1, 1)), "zyx"), volume)
    arguments = ["--template", volume, "--points", "p=4,5,6", "--out", tmp_path / "found.csv"]
    outcome = medssl("landmarks", films.images, *arguments)
    assert outcome.code == 2
    assert "volume.nrrd" in outcome.lines[0]
    assert "working in 3-D with 1 image; 4 left out" in outcome.stderr


def test_unusable_template_shows_its_own_reason(
    medssl: Callable, films: PhantomFolder, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"nothing of the kind")
    arguments = ["--points", "p=4,5", "--out", tmp_path / "found.csv"]
    outcome = medssl("landmarks", films.images, "--template", broken, *arguments)
    assert outcome.code == 2
    assert "its content is not that" in outcome.lines[0]
    outcome = medssl("landmarks", films.images, "--template", films.images, *arguments)
    assert outcome.code == 2
    assert "chest_000.png, chest_001.png" in outcome.lines[0]


def test_warnings_and_what_was_left_out_are_told_once(
    medssl: Callable, films: PhantomFolder, tmp_path: Path
) -> None:
    for number in range(3):
        flat = Image(np.full((40, 50), 7, np.uint8), Grid.create((40, 50)), "yx")
        write_image(flat, tmp_path / f"flat{number}.png")
    film = next(films.images.glob("*.png"))
    (tmp_path / "film.png").write_bytes(film.read_bytes())
    (tmp_path / "cut.png").write_bytes(film.read_bytes()[:60])
    outcome = medssl("embed", tmp_path, "--json")
    assert outcome.code == 0, outcome.stderr
    warning = "3 images, the first flat0.png: all pixels have the same value"
    assert outcome.json["warnings"] == [warning]
    assert outcome.stderr.count("all pixels have the same value") == 1
    assert [Path(one["path"]).name for one in outcome.json["left_out"]] == ["cut.png"]


def test_evaluation_writes_the_contract(
    medssl: Callable, films: PhantomFolder, tmp_path: Path
) -> None:
    out = tmp_path / "result.json"
    outcome = medssl(
        "evaluate", "landmarks", films.images, films.landmarks, "--model", "position",
        "--templates", "2", "--seed", "0", "--spacing", films.spacing, "--json", out,
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    assert "position" in outcome.stdout
    result = json.loads(out.read_text())
    assert {"mre_px", "median_px", "mre_mm", "sdr", "per_landmark", "n"} <= set(result)
    assert result["mre_mm"] is not None
    assert result["warnings"] == []


def test_the_first_readable_image_decides_the_dimension(
    medssl: Callable, films: PhantomFolder, tmp_path: Path
) -> None:
    film = next(films.images.glob("*.png")).read_bytes()
    (tmp_path / "a_cut.png").write_bytes(film[: len(film) // 2])
    (tmp_path / "b.png").write_bytes(film)
    array = np.random.default_rng(0).random((8, 16, 16), np.float32)
    volume = Image(array, Grid.create(array.shape, (1, 1, 1)), "zyx")
    write_image(volume, tmp_path / "c.nrrd")
    outcome = medssl("embed", tmp_path, "--json")
    assert outcome.code == 0, outcome.stderr
    assert [image["image"] for image in outcome.json["images"]] == ["b.png"]
    assert "working in 2-D with 1 image; 2 left out" in outcome.stderr


def test_a_negative_seed_is_refused(medssl: Callable, films: PhantomFolder) -> None:
    outcome = medssl("evaluate", "landmarks", films.images, films.landmarks, "--seed", "-1")
    assert outcome.code == 2
    assert "--seed" in outcome.lines[0]


def test_embeddings_are_written_beside_their_index(
    medssl: Callable, films: PhantomFolder, tmp_path: Path
) -> None:
    outcome = medssl("embed", films.images, "--out", tmp_path / "embedded", "--json")
    assert outcome.code == 0, outcome.stderr
    index = json.loads((tmp_path / "embedded" / "embeddings.json").read_text())
    assert len(index["images"]) == 4
    assert all((tmp_path / "embedded" / image["file"]).is_file() for image in index["images"])
